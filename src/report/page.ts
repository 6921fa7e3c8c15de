// A self-contained HTML page, without scripts, fonts or external images.
import { darkFigures, figureClass, pageColors } from './palette';
import { cleanLines, cleanText, escaped } from './text';

// The policy by which a browser refuses to load anything else, even if it got onto the page.
const policy = "default-src 'none'; style-src 'unsafe-inline'";

const css = `
:root{color-scheme:light dark;${pageColors(false)}}
@media (prefers-color-scheme:dark){:root{${pageColors(true)}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px 20px 48px;max-width:1180px;background:var(--surface);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;margin:0}
h2{font-size:19px;margin:36px 0 12px;border-bottom:1px solid var(--grid);padding-bottom:4px}
h1,p,.tile{overflow-wrap:anywhere}
p{margin:4px 0}
.muted{color:var(--muted)}
.alert{border-left:4px solid #d1242f;padding:4px 12px;margin:12px 0}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}
.tile{border:1px solid var(--grid);border-radius:8px;padding:8px 16px;min-width:120px;max-width:100%}
.tile b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
.tile span{color:var(--muted);font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,500px),1fr));gap:16px;align-items:start}
figure{margin:0;border:1px solid var(--grid);border-radius:8px;overflow-x:auto}
.${figureClass}{display:block;width:100%;min-width:520px;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid var(--grid);vertical-align:top;overflow-wrap:anywhere}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td:first-child:not(.number){min-width:7em}
th{font-weight:600;white-space:nowrap}
pre,code{font:13px/1.45 ui-monospace,monospace}
pre{overflow-x:auto;border:1px solid var(--grid);border-radius:8px;padding:12px;margin:8px 0}
code{overflow-wrap:anywhere}
details{margin:10px 0}
summary{cursor:pointer}
`;

/** A piece of HTML; other text is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** A cell of a table. */
export type Cell = string | number | Html;

const inline = (value: Cell): string => (value instanceof Html ? value.text : escaped(cleanText(String(value))));

/** HTML with values: text is escaped, HTML and lists of it are inserted unchanged. */
export function html(parts: TemplateStringsArray, ...values: readonly (Cell | readonly Html[])[]): Html {
  const texts = values.map((value) => (Array.isArray(value) ? value.map(({ text }) => text).join('') : inline(value as Cell)));
  return new Html(parts.map((part, i) => part + (texts[i] ?? '')).join(''));
}

/** Preformatted text. */
export const verbatim = (text: string): Html => new Html(`<pre>${escaped(cleanLines(text))}</pre>`);

// A number, unchanged or formatted by `shortNumber`.
const isFigure = (value: Cell): boolean => !(value instanceof Html) && /^(NaN|[-\u2212]?(\u221e|[\d.,e-]+))?$/.test(String(value));

/** A table; numbers are aligned right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const isNumber = head.map((_, i) => rows.length > 0 && rows.every((row) => isFigure(row[i]!)));
  const cell = (tag: string, value: Cell, i: number): string => `<${tag}${isNumber[i] ? ' class="number"' : ''}>${inline(value)}</${tag}>`;
  const line = (tag: string, row: readonly Cell[]): string => `<tr>${row.map((value, i) => cell(tag, value, i)).join('')}</tr>`;
  const top = head.length === 0 ? '' : `<thead>${line('th', head)}</thead>`;
  return new Html(`<div class="wide"><table>${top}<tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table></div>`);
}

/** A section with its heading; nothing if it is empty. */
export const section = (title: string, content: readonly Html[]): Html =>
  content.length === 0 ? new Html('') : html`<section><h2>${title}</h2>\n${content}</section>\n`;

/** Content that opens at a click. */
export const folded = (title: string, content: Html): Html => html`<details><summary>${title}</summary>${content}</details>\n`;

/** Figures side by side, if there is room. */
export const figures = (svgs: readonly string[]): Html[] =>
  svgs.length === 0 ? [] : [new Html(`<div class="figures">\n${svgs.map((svg) => `<figure>${svg}</figure>\n`).join('')}</div>\n`)];

/** The whole page. */
export const page = (title: string, body: readonly Html[]): string =>
  [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(cleanText(title))}</title>`,
    `<style>${css}${darkFigures}</style>`,
    '</head>',
    '<body>',
    ...body.map(({ text }) => text),
    '</body>',
    '</html>',
    '',
  ].join('\n');
