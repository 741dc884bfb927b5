// Reads calendar files as a calendar program does: a list of files on standard input, for each
// the starts of its series, counted out by the rule and the time zone that the file itself tells.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const starts = ({ file, number }) => {
  ICAL.TimezoneService.reset();
  const calendar = new ICAL.Component(ICAL.parse(file));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
  }
  const entries = calendar.getAllSubcomponents("vevent");
  const whole = new ICAL.Event(entries[0]);
  for (const single of entries.slice(1)) whole.relateException(single);
  const found = [];
  const dates = whole.iterator();
  for (let date = dates.next(); date && found.length < number; date = dates.next()) {
    const { startDate, item } = whole.getOccurrenceDetails(date);
    const status = item.component.getFirstPropertyValue("status");
    found.push([startDate.toJSDate().toISOString(), item.uid, status]);
  }
  return found;
};

const files = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(files.map(starts)));
