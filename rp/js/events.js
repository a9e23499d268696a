/** EventParser reads server-sent events (HTML 9.2.6) from pieces of text, however they were cut. */
export class EventParser {
  /** The id of the last block; a block without data has one, too. */
  lastId = "";
  #rest = "";
  #id = "";
  #type = "";
  #data = [];

  /**
   * push returns the events that are complete with this piece.
   * @param {string} piece
   * @returns {{ type: string, data: string }[]}
   */
  push(piece) {
    const events = [];
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/); // a CR at the very end may be half of a CRLF
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line !== "") {
        this.#field(line);
        continue;
      }
      this.lastId = this.#id;
      if (this.#data.length > 0) events.push({ type: this.#type || "message", data: this.#data.join("\n") });
      this.#type = "";
      this.#data = [];
    }
    return events;
  }

  #field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    if (name === "event") this.#type = value;
    if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}
