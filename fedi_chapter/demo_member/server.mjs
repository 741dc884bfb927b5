// A fediverse member on software this project did not write: one person on a small server
// built with Fedify. The demo shows what arrives here; the interop suite drives it.
//
// Environment: PORT (required), HANDLE (default me), ORIGIN (default http://127.0.0.1:PORT),
// TLS_CERT and TLS_KEY (serve https), FIRST_KNOCK (draft-cavage-http-signatures-12 or rfc9421),
// ONLY_RFC9421=1 (answer 401 to cavage signatures), ONLY_CAVAGE=1 (the other way round).
// Control, for loopback callers: POST /control/<verb> with a JSON body, GET /control/timeline,
// GET /control/received, GET /control/following.

import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { Temporal } from "@js-temporal/polyfill";
import {
  createFederation,
  generateCryptoKeyPair,
  InProcessMessageQueue,
  MemoryKvStore,
} from "@fedify/fedify";
import {
  Accept,
  Announce,
  Create,
  Delete,
  Endpoints,
  Follow,
  Ignore,
  isActor,
  Join,
  Leave,
  Like,
  Mention,
  Note,
  Person,
  PUBLIC_COLLECTION,
  Question,
  Reject,
  TentativeAccept,
  Tombstone,
  Undo,
  Update,
} from "@fedify/vocab";

// Fedify asks navigator which runtime it is on; Node has none before version 21.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node}` };

const port = Number(process.env.PORT);
if (!port) {
  console.error("PORT is needed");
  process.exit(2);
}
const handle = process.env.HANDLE ?? "me";
const tls = process.env.TLS_CERT
  ? { cert: readFileSync(process.env.TLS_CERT), key: readFileSync(process.env.TLS_KEY) }
  : undefined;
const origin = process.env.ORIGIN ?? `${tls ? "https" : "http"}://127.0.0.1:${port}`;
const keys = [
  await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"),
  await generateCryptoKeyPair("Ed25519"),
];

const timeline = new Map(); // object id → what a reader sees
const received = []; // every activity Fedify verified, in order
const requests = []; // every inbox request: scheme of its signature and our answer
const following = new Map(); // actor id → pending | accepted | rejected
const notes = new Map(); // our own notes

const federation = createFederation({
  kv: new MemoryKvStore(),
  queue: new InProcessMessageQueue(),
  allowPrivateAddress: true,
  firstKnock: process.env.FIRST_KNOCK ?? "draft-cavage-http-signatures-12",
});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (identifier !== handle) return null;
    const pairs = await ctx.getActorKeyPairs(identifier);
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: handle,
      name: "A member",
      url: new URL(`/@${handle}`, origin),
      inbox: ctx.getInboxUri(identifier),
      outbox: ctx.getOutboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher(async (_ctx, identifier) => (identifier === handle ? keys : []));

federation.setOutboxDispatcher("/users/{identifier}/outbox", async () => ({ items: [] }));
federation.setFollowersDispatcher("/users/{identifier}/followers", async () => ({ items: [] }));
federation.setNodeInfoDispatcher("/nodeinfo/2.1", async () => ({
  software: { name: process.env.SOFTWARE ?? "member", version: "1.0.0" },
  protocols: ["activitypub"],
  usage: { users: {}, localPosts: 0, localComments: 0 },
}));
federation.setObjectDispatcher(Note, "/notes/{id}", async (_ctx, { id }) => notes.get(id) ?? null);

const attachmentsOf = async (object) => {
  const found = [];
  for await (const item of object.getAttachments?.() ?? []) {
    found.push({ url: item.url?.href?.href ?? item.url?.href, name: item.name?.toString() });
  }
  return found;
};

const totalsOf = async (object) => {
  if (!(object instanceof Question)) return null;
  const totals = {};
  for await (const option of object.getExclusiveOptions()) {
    totals[option.name.toString()] = (await option.getReplies())?.totalItems ?? null;
  }
  return totals;
};

const keep = async (activity) => {
  const object = await activity.getObject();
  if (!object?.id) return;
  timeline.set(object.id.href, {
    id: object.id.href,
    type: object.constructor.name,
    name: object.name?.toString() ?? null,
    content: object.content?.toString() ?? null,
    url: object.url?.href ?? null,
    startTime: object.startTime?.toString() ?? null,
    updated: object.updated?.toString() ?? null,
    author: object.attributionId?.href ?? null,
    attachments: await attachmentsOf(object),
    totals: await totalsOf(object),
    inReplyTo: object.replyTargetId?.href ?? null,
    to: object.toIds?.map((each) => each.href) ?? [],
  });
};

const note = (activity) =>
  received.push({
    type: activity.constructor.name,
    id: activity.id?.href ?? null,
    actor: activity.actorId?.href ?? null,
    object: activity.objectId?.href ?? null,
  });

const answered = (state) => async (_ctx, answer) => {
  note(answer);
  if (following.has(answer.actorId.href)) following.set(answer.actorId.href, state);
};

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: handle }))
  .on(Accept, answered("accepted"))
  .on(Reject, answered("rejected"))
  .on(Create, async (_ctx, activity) => {
    note(activity);
    await keep(activity);
  })
  .on(Update, async (_ctx, activity) => {
    note(activity);
    const object = await activity.getObject();
    if (!isActor(object)) await keep(activity);
  })
  .on(Delete, async (_ctx, activity) => {
    note(activity);
    timeline.delete(activity.objectId?.href);
  })
  .on(Announce, async (_ctx, activity) => note(activity))
  .on(Ignore, async (_ctx, activity) => note(activity))
  .on(Undo, async (_ctx, activity) => note(activity))
  .on(Follow, async (ctx, follow) => {
    note(follow);
    const follower = await follow.getActor();
    await ctx.sendActivity({ identifier: handle }, follower, new Accept({
      id: new URL(`/accepts/${randomUUID()}`, origin),
      actor: ctx.getActorUri(handle),
      object: follow,
    }));
  });

// -- what a person does in their app ---------------------------------------------------------

const lookUp = async (ctx, target) => {
  const found = await ctx.lookupObject(target);
  if (!found) throw new Error(`nothing found under ${target}`);
  return found;
};

const authorOf = async (ctx, object) =>
  isActor(object) ? object : await lookUp(ctx, object.attributionId.href);

const send = async (ctx, recipient, activity) => {
  await ctx.sendActivity({ identifier: handle }, recipient, activity, { immediate: true });
  return { id: activity.id.href };
};

const fresh = (kind) => new URL(`/${kind}/${randomUUID()}`, origin);

const answerEvent = async (ctx, event, Answer) => {
  const target = await lookUp(ctx, event);
  return send(ctx, await authorOf(ctx, target), new Answer({
    id: fresh("answers"), actor: ctx.getActorUri(handle), object: new URL(event),
  }));
};

const aboutNote = async (ctx, url, make) => {
  const own = notes.get(new URL(url).pathname.split("/").pop());
  const replied = await lookUp(ctx, own.replyTargetId.href);
  return send(ctx, await authorOf(ctx, replied), make(own));
};

const verbs = {
  async follow(ctx, { target }) {
    const actor = await lookUp(ctx, target);
    following.set(actor.id.href, "pending");
    const id = fresh("follows");
    await send(ctx, actor, new Follow({ id, actor: ctx.getActorUri(handle), object: actor.id }));
    return { id: id.href, actor: actor.id.href };
  },
  async unfollow(ctx, { target, follow }) {
    const actor = await lookUp(ctx, target);
    following.delete(actor.id.href);
    const me = ctx.getActorUri(handle);
    return send(ctx, actor, new Undo({
      id: fresh("undos"),
      actor: me,
      object: new Follow({ id: new URL(follow), actor: me, object: actor.id }),
    }));
  },
  async like(ctx, { object }) {
    const liked = await lookUp(ctx, object);
    return send(ctx, await authorOf(ctx, liked), new Like({
      id: fresh("likes"), actor: ctx.getActorUri(handle), object: liked.id,
    }));
  },
  async boost(ctx, { object }) {
    const boosted = await lookUp(ctx, object);
    return send(ctx, await authorOf(ctx, boosted), new Announce({
      id: fresh("boosts"),
      actor: ctx.getActorUri(handle),
      object: boosted.id,
      to: PUBLIC_COLLECTION,
      cc: ctx.getFollowersUri(handle),
    }));
  },
  async undo(ctx, { type, id, object }) {
    const target = await lookUp(ctx, object);
    const Inner = { Like, Announce, Join, Accept }[type];
    const me = ctx.getActorUri(handle);
    return send(ctx, await authorOf(ctx, target), new Undo({
      id: fresh("undos"),
      actor: me,
      object: new Inner({ id: new URL(id), actor: me, object: new URL(object) }),
    }));
  },
  async vote(ctx, { question, option }) {
    const asked = await lookUp(ctx, question);
    const author = await authorOf(ctx, asked);
    const id = fresh("votes");
    const me = ctx.getActorUri(handle);
    // As Mastodon writes it: no text, no date, for the author alone.
    return send(ctx, author, new Create({
      id: new URL("#create", id),
      actor: me,
      to: author.id,
      object: new Note({
        id, name: option, attribution: me, replyTarget: asked.id, to: author.id,
      }),
    }));
  },
  join: (ctx, { event }) => answerEvent(ctx, event, Join),
  leave: (ctx, { event }) => answerEvent(ctx, event, Leave),
  accept: (ctx, { event }) => answerEvent(ctx, event, Accept),
  tentative: (ctx, { event }) => answerEvent(ctx, event, TentativeAccept),
  async reply(ctx, { object, content, direct }) {
    const target = await lookUp(ctx, object);
    const author = await authorOf(ctx, target);
    const id = randomUUID();
    const audience = direct
      ? { tos: [author.id] }
      : { tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri(handle), author.id] };
    const own = new Note({
      id: ctx.getObjectUri(Note, { id }),
      attribution: ctx.getActorUri(handle),
      replyTarget: target.id,
      content,
      url: new URL(`/notes/${id}`, origin),
      published: Temporal.Now.instant(),
      tags: [new Mention({ href: author.id, name: `@${author.preferredUsername}` })],
      ...audience,
    });
    notes.set(id, own);
    await send(ctx, author, new Create({
      id: new URL("#create", own.id), actor: ctx.getActorUri(handle), object: own, ...audience,
    }));
    return { id: own.id.href };
  },
  edit: (ctx, { note: url, content }) =>
    aboutNote(ctx, url, (own) => {
      const edited = own.clone({ content, updated: Temporal.Now.instant() });
      notes.set(new URL(url).pathname.split("/").pop(), edited);
      return new Update({
        id: new URL(`#update-${randomUUID()}`, own.id),
        actor: ctx.getActorUri(handle),
        object: edited,
        to: PUBLIC_COLLECTION,
      });
    }),
  remove: (ctx, { note: url }) =>
    aboutNote(ctx, url, (own) => {
      notes.delete(new URL(url).pathname.split("/").pop());
      return new Delete({
        id: new URL("#delete", own.id),
        actor: ctx.getActorUri(handle),
        object: new Tombstone({ id: own.id }),
        to: PUBLIC_COLLECTION,
      });
    }),
  async find(ctx, { target }) {
    const found = await lookUp(ctx, target);
    return { id: found.id.href, type: found.constructor.name, name: found.name?.toString() };
  },
};

const reports = {
  timeline: () => [...timeline.values()],
  received: () => received,
  requests: () => requests,
  following: () => Object.fromEntries(following),
};

// -- Node's requests as the web's --------------------------------------------------------------

const bodyOf = async (incoming) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const control = async (incoming, body) => {
  const verb = incoming.url.split("/")[2];
  if (incoming.method === "GET" && reports[verb]) return [200, reports[verb]()];
  if (incoming.method !== "POST" || !verbs[verb]) return [404, { error: `no verb ${verb}` }];
  const ctx = federation.createContext(new URL(origin), undefined);
  try {
    return [200, (await verbs[verb](ctx, JSON.parse(body.toString() || "{}"))) ?? {}];
  } catch (error) {
    return [502, { error: String(error?.stack ?? error) }];
  }
};

const refusedScheme = (incoming) => {
  const modern = "signature-input" in incoming.headers;
  return (process.env.ONLY_RFC9421 && !modern) || (process.env.ONLY_CAVAGE && modern);
};

const federated = async (incoming, body) => {
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const hasBody = !["GET", "HEAD"].includes(incoming.method);
  return federation.fetch(
    new Request(new URL(incoming.url, origin), {
      method: incoming.method,
      headers,
      body: hasBody ? body : undefined,
    }),
    { contextData: undefined },
  );
};

const answer = async (incoming, outgoing) => {
  const body = await bodyOf(incoming);
  if (incoming.url.startsWith("/control/")) {
    const [status, document] = await control(incoming, body);
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(document));
    return;
  }
  const toInbox = incoming.method === "POST";
  if (toInbox && refusedScheme(incoming)) {
    requests.push({ scheme: "refused", status: 401 });
    outgoing.writeHead(401).end("this signature scheme is not taken here");
    return;
  }
  const response = await federated(incoming, body);
  if (toInbox) {
    const scheme = "signature-input" in incoming.headers ? "rfc9421" : "cavage";
    requests.push({ scheme, status: response.status });
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
};

const server = tls ? createTlsServer(tls) : createServer();
server.on("request", (incoming, outgoing) => {
  answer(incoming, outgoing).catch((error) => {
    console.error(error);
    if (!outgoing.headersSent) outgoing.writeHead(500);
    outgoing.end();
  });
});
server.listen(port, "127.0.0.1", () => console.error(`ready ${origin}`));
process.on("SIGTERM", () => process.exit(0));
