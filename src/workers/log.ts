/** Characters kept of a worker's log: enough for any traceback, little enough that 1 GB of chatter costs nothing. */
const KEEP = 64 * 1024;

/** What a worker printed on stdout and stderr, bounded. Positions let a request cut out its own part. */
export class Log {
  #text = '';
  /** Characters ever written, including those dropped. */
  #written = 0;

  /** Takes in one stream; each has its own, because a letter may be cut between two chunks of it. */
  source(): (chunk: Uint8Array) => void {
    const decoder = new TextDecoder();
    return (chunk) => {
      const text = decoder.decode(chunk, { stream: true });
      this.#written += text.length;
      this.#text = (this.#text + text).slice(-KEEP);
    };
  }

  get position(): number {
    return this.#written;
  }

  /** What was written since `position`, as far as it is still kept. */
  since(position: number): string {
    const count = this.#written - position;
    return count <= 0 ? '' : this.#text.slice(-Math.min(count, this.#text.length));
  }

  tail(characters: number = KEEP): string {
    return this.#text.slice(-characters).trim();
  }
}
