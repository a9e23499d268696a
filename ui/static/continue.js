// Goes on when the apps' frames have loaded; an app that does not answer keeps
// nobody waiting for more than five seconds.

const way = document.querySelector("a[data-continue]");
const after = (ms) => new Promise((done) => { setTimeout(done, ms); });
// A frame that had loaded before this script ran would not say so again, so the
// page's own event is waited for: it comes when all of them have.
const loaded = new Promise((done) => {
  if (document.readyState === "complete") done();
  else addEventListener("load", done);
});

if (way) {
  await Promise.race([Promise.all([loaded, after(1500)]), after(4500)]);
  location.replace(way.href);
}
