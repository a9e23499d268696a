// Shows when an impersonation ends in the reader's own time zone; the server can
// only know UTC.

const lang = document.documentElement.lang;
const region = navigator.language.startsWith(lang) ? navigator.language : lang;
const minute = new Intl.DateTimeFormat(region, { timeStyle: "short" });
const stamp = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });

for (const time of document.querySelectorAll("time[data-minute], .facts-acting time")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) time.textContent = ("minute" in time.dataset ? minute : stamp).format(at);
}
