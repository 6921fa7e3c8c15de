// Reads from a doc comment which name of PyTorch or a related library it corresponds to, and what differs.

const libraries = 'torch|torchvision|torchmetrics|torchinfo|sklearn|timm|copy';

// A doc comment's text, without examples and line breaks.
const textOf = (doc: string): string =>
  doc
    .replace(/^\s*\*+ ?/gm, '')
    .split(/^@/m)[0]!
    .replace(/\s+/g, ' ')
    .trim();

/** The counterpart that a doc comment names: `torch.nn.Linear`, or an expression in Python. */
export function counterpartOf(doc: string): string | null {
  const text = textOf(doc);
  const name = new RegExp(`\`((?:${libraries})\\.[\\w.]+)(?:\\(\\))?\``).exec(text)?.[1];
  return name ?? /`([^`]+)`(?:, `[^`]+`)* in Python/.exec(text)?.[1] ?? null;
}

// Phrases which say that something is the same.
const agreements = [
  /\bas (in )?(PyTorch|torchmetrics|torchvision)\b('s( [\w ]+)?| has it| prints \w+| rounds \w+)?/gi,
  /\bPyTorch's (names?|keys|formula|layout|spelling|manual)\b/g,
  /\bthat torchmetrics takes\b/g,
];
const mention = /\b(PyTorch|torchmetrics|torchvision|scikit-learn)\b(?!\.\w)/;
// Phrases in which the counterpart itself is contrasted with something.
const contrast = /`(torch|sklearn)[\w.]+`,? (but|without|on by default)|\b(where|unlike|than) `(torch|sklearn)[\w.]+`/;

/** The sentences of a doc comment that describe differences from the counterpart. */
export function differencesOf(doc: string): string {
  const sentences = textOf(doc).split(/(?<=\.) |; (?=[A-Z]|unlike)/);
  const different = sentences.filter((sentence) => {
    const rest = agreements.reduce((text, agreement) => text.replace(agreement, ''), sentence);
    return mention.test(rest) || contrast.test(rest);
  });
  return different.map((sentence) => sentence.replace(/^unlike/, 'Unlike')).join(' ');
}
