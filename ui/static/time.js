// Shows moments in the reader's own time zone; the server can only know UTC.

// The page's language, in the reader's regional form of it if that is the browser's.
const lang = document.documentElement.lang;
const region = navigator.language.startsWith(lang) ? navigator.language : lang;
const format = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });

for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
}
