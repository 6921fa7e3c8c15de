// Decodes the texts of values.
import { TextDecoder } from 'node:util';

// The characters of windows-1252 where Latin-1 has control characters. Node 20 and 22 decode windows-1252 as Latin-1 if the decoder is strict (fatal).
const own = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Returns a function that decodes bytes; it throws for bytes that are not UTF-8. */
export function textDecoder(encoding: string): (bytes: Buffer) => string {
  if (encoding === 'windows-1252') {
    return (bytes) => bytes.toString('latin1').replace(/[\x80-\x9f]/g, (c) => own[c.charCodeAt(0) - 0x80]!);
  }
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}
