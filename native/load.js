// Finds the addon's binary for this platform and loads it. In a file of its own that no bundling of this package changes:
// what @vercel/nft and ncc read here tells them to take prebuilds/ along.
'use strict';
const { closeSync, openSync, readSync, statSync } = require('node:fs');
const path = require('node:path');

// A bundle of ES modules knows no __dirname, but ncc, which writes another expression in the place of this one.
function prebuilds() {
  try {
    return path.join(__dirname, '../prebuilds');
  } catch {
    return null;
  }
}

const checkoutBuild = typeof __dirname === 'string' ? path.join(__dirname, '../build/Release/simdnn.node') : null;

function beginning(file, bytes) {
  const start = Buffer.alloc(bytes);
  const opened = openSync(file, 'r');
  try {
    readSync(opened, start);
  } finally {
    closeSync(opened);
  }
  return start;
}

// A program names near its beginning what loads its libraries. Node's report knows the C library as well, and takes longer; it also asks for the names of all
// hosts that sockets are connected to, which takes a minute where no name server answers.
function usesMusl() {
  try {
    const [, loader] =
      beginning(process.execPath, 4096)
        .toString('latin1')
        .match(/\/ld-(musl|linux)/) ?? [];
    if (loader !== undefined) return loader === 'musl';
  } catch {} // Node's permission model lets only what is named be read
  const { report } = process;
  const before = report?.excludeNetwork;
  try {
    report.excludeNetwork = true;
    return report.getReport().header.glibcVersionRuntime === undefined;
  } catch {
    return false; // Deno makes no report without leave
  } finally {
    if (report) report.excludeNetwork = before;
  }
}

/** Where the binary for this platform stands below prebuilds/. */
function binary() {
  const libc = process.platform !== 'linux' ? '' : usesMusl() ? '.musl' : '.glibc';
  return path.join(`${process.platform}-${process.arch}`, `simdnn${libc}.node`);
}

/** The files that may be the addon, the first that is there wins: what SIMDNN_PREBUILD names, else a checkout's own build, else the prebuilt one. */
function places() {
  const named = process.env.SIMDNN_PREBUILD;
  if (named) return [path.resolve(named, 'build/Release/simdnn.node'), path.resolve(named, 'prebuilds', binary())];
  const folder = prebuilds();
  return [checkoutBuild, folder && path.join(folder, binary())].filter((place) => place !== null);
}

// Errors of the file system other than that there is no such file are thrown: they have cures of their own.
const isThere = (file) => statSync(file, { throwIfNoEntry: false }) !== undefined;

// Linux maps what a file should have, and ends the process (SIGBUS) when the part that is missing is used. The table of sections ends an ELF file. Other
// systems compare the sizes themselves.
function refuseTruncated(file) {
  const header = beginning(file, 64);
  if (header.readUInt32BE(0) !== 0x7f454c46) return;
  const [sections, bytes, count] = [header.readBigUInt64LE(40), header.readUInt16LE(58), header.readUInt16LE(60)];
  const [size, whole] = [statSync(file).size, Number(sections) + bytes * count];
  if (size < whole) throw new Error(`${file} is truncated: ${size} of ${whole} bytes`);
}

function load() {
  const found = places().find(isThere);
  if (found === undefined) throw new Error(`there is no binary for ${process.platform}-${process.arch}`);
  refuseTruncated(found);
  const loaded = { exports: {} };
  process.dlopen(loaded, path.toNamespacedPath(found)); // what require does for such a file, and bundlers leave it as it is
  return loaded.exports;
}

module.exports = { binary, load, places };
