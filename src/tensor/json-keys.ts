/**
 * The keys of a JSON object in the order of the text, duplicates included: JSON.parse keeps the last of two equal keys
 * without a word and moves keys such as "10" to the front. `text` must be valid JSON of an object.
 */
export function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      if (isKey && depth === 1) keys.push(JSON.parse(text.slice(at, end)) as string);
      isKey = false;
      at = end - 1;
    } else if (char === '{' || char === '[') {
      depth++;
      isKey = depth === 1;
    } else if (char === '}' || char === ']') depth--;
    else if (char === ',') isKey = true;
  }
  return keys;
}

/** The index after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
