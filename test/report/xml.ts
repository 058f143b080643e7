/**
 * Strict enough to fail on what XML parsers refuse: unbalanced tags, bare `<` and `&`, duplicate attributes, characters
 * that XML 1.0 cannot hold. Gives back the element names in document order. The browser test parses the same file again.
 */
export function parseXml(text: string): string[] {
  const illegal = /(?![\n\r\t])\p{Cc}|[\ufffe\uffff]|\p{Cs}/u.exec(text);
  if (illegal) throw new Error(`illegal character at ${illegal.index}`);
  const names: string[] = [];
  const open: string[] = [];
  let at = text.startsWith('<?xml') ? text.indexOf('?>') + 2 : 0;
  const content = (part: string): void => {
    if (/&(?!(amp|lt|gt|quot|#\d+|#x[0-9a-f]+);)/i.test(part) || part.includes(']]>'))
      throw new Error(`bad text: ${part.slice(0, 60)}`);
    if (open.length === 0 && part.trim() !== '') throw new Error(`text outside the root: ${part}`);
  };
  const tag = /<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w.:-]+="[^"<]*")*)\s*(\/?)>/y;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    if (next < 0) break;
    content(text.slice(at, next));
    tag.lastIndex = next;
    const [whole = '', closing, name = '', attributes = '', empty] = tag.exec(text) ?? [];
    if (whole === '') throw new Error(`bad tag: ${text.slice(next, next + 80)}`);
    const keys = [...attributes.matchAll(/([\w.:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => {
      if (/&(?!(amp|lt|gt|quot|#\d+|#x[0-9a-f]+);)/i.test(value)) throw new Error(`bad attribute: ${value}`);
      return key;
    });
    if (new Set(keys).size !== keys.length) throw new Error(`duplicate attribute in ${whole}`);
    if (closing) {
      if (open.pop() !== name) throw new Error(`unexpected </${name}>`);
    } else {
      names.push(name);
      if (!empty) open.push(name);
    }
    at = next + whole.length;
  }
  content(text.slice(at));
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  return names;
}
