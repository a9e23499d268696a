// A session's status says how it ended; its reason, which is passed on in the detail, may be finer and may grow.
const words = {
  ended: "signed_out",
  removed: "signed_out",
  revoked: "revoked",
  replaced: "replaced",
  expired: "expired",
  abandoned: "idle",
};

/**
 * reasonOf is the word for an event of the feed.
 * @param {{ status?: string }} event
 */
export const reasonOf = ({ status }) => (Object.hasOwn(words, status) ? words[status] : "ended");
