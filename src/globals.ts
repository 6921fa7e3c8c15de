// What the declarations name of Node's globals, for a program without @types/node. Where that is there, these add nothing to it.
declare global {
  interface AbortSignal {
    readonly aborted: boolean;
  }
  interface URL {
    toString(): string;
  }
}

export {};
