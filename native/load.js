// Finds the addon's binary for this platform and loads it. This file is not bundled with the rest of the package, because @vercel/nft and ncc recognise the
// expression in `prebuilds` and then copy that folder.
'use strict';
const { closeSync, openSync, readSync, statSync } = require('node:fs');
const path = require('node:path');

// A bundle of ES modules has no __dirname. ncc replaces this expression by another one, which works there too.
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

// Near the beginning of a program's file is the name of the dynamic loader, which tells the C library. Node's report has the C library too, but takes longer;
// unless told otherwise it also resolves the names of all hosts to which sockets are connected, which takes a minute if no name server answers.
function usesMusl() {
  try {
    const [, loader] =
      beginning(process.execPath, 4096)
        .toString('latin1')
        .match(/\/ld-(musl|linux)/) ?? [];
    if (loader !== undefined) return loader === 'musl';
  } catch {} // Node's permission model may forbid reading the file
  const { report } = process;
  const before = report?.excludeNetwork;
  try {
    report.excludeNetwork = true;
    return report.getReport().header.glibcVersionRuntime === undefined;
  } catch {
    return false; // Deno makes no report without permission
  } finally {
    if (report) report.excludeNetwork = before;
  }
}

/** The path of this platform's binary below prebuilds/. */
function binary() {
  const libc = process.platform !== 'linux' ? '' : usesMusl() ? '.musl' : '.glibc';
  return path.join(`${process.platform}-${process.arch}`, `simdnn${libc}.node`);
}

/** The candidate files of the addon, of which the first that exists is loaded: what SIMDNN_PREBUILD names, else a checkout's own build and the prebuilt one. */
function places() {
  const named = process.env.SIMDNN_PREBUILD;
  if (named) return [path.resolve(named, 'build/Release/simdnn.node'), path.resolve(named, 'prebuilds', binary())];
  const folder = prebuilds();
  return [checkoutBuild, folder && path.join(folder, binary())].filter((place) => place !== null);
}

// Throws every error of the file system except that the file does not exist, because each has a cure of its own.
const isThere = (file) => statSync(file, { throwIfNoEntry: false }) !== undefined;

// Linux maps a truncated file at its full size, and ends the process (SIGBUS) when the missing part is used. The last part of an ELF file is the table of
// sections, so its end is the size of a complete file. Other systems compare the sizes themselves.
function refuseTruncated(file) {
  const header = beginning(file, 64);
  if (header.readUInt32BE(0) !== 0x7f454c46) return;
  const [sections, bytes, count] = [header.readBigUInt64LE(40), header.readUInt16LE(58), header.readUInt16LE(60)];
  const [size, whole] = [statSync(file).size, Number(sections) + bytes * count];
  if (size < whole) throw new Error(`${file} is truncated: ${size} of ${whole} bytes`);
}

/** The candidate files of the addon that opens MPI, each in the same folder as that of the other addon. */
const placesOfMpi = () => places().map((place) => place.replace(/simdnn([.\w]*)\.node$/, 'simdnn-mpi$1.node'));

const load = () => open(places());
const loadMpi = () => open(placesOfMpi());

function open(files) {
  const found = files.find(isThere);
  if (found === undefined) throw new Error(`there is no binary for ${process.platform}-${process.arch}`);
  refuseTruncated(found);
  const loaded = { exports: {} };
  process.dlopen(loaded, path.toNamespacedPath(found)); // as `require` does for such a file, but bundlers leave this call unchanged
  return loaded.exports;
}

module.exports = { binary, load, loadMpi, places, placesOfMpi };
