"""The pages of posts and hashtags. Documents for other servers are served by `web.fedi`."""

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.domain.post import PostId
from fedi_chapter.store.pages.post import post_page as read_post
from fedi_chapter.store.pages.tag import tag_page as read_tag
from fedi_chapter.web.members.session import member_of
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.public.paging import replies_page
from fedi_chapter.web.templating import render


async def post_page(request: Request) -> Response:
    """Serve the page of the post named in the path."""
    deps = deps_of(request)
    post_id = PostId(str(request.path_params["id"]))
    replies = replies_page(request)
    page = await deps.db.read(lambda tx: read_post(tx, post_id, deps.urls, replies))
    return render(request, "public/post.html", page, member=await member_of(request))


async def tag_page(request: Request) -> Response:
    """Serve everything of ours that carries the hashtag named in the path."""
    name = request.path_params["name"]
    page = await deps_of(request).db.read(lambda tx: read_tag(tx, name))
    return render(request, "public/tag.html", page)
