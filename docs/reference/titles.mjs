// A plugin of TypeDoc: guides are named by their headings, not by their files.
import { Converter } from 'typedoc';

/** Called by TypeDoc. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const text = document.content.map((part) => part.text).join('');
    document.name = /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? document.name;
  });
}
