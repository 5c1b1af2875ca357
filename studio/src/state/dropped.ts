// The files of a drop, those of dropped folders too.

const MOST_FILES = 256;
const MUSIC = /\.(midi?|kar|rmi|musicxml|mxl|xml|abc)$/i;

/** Files that were dropped; of folders the music files in them, folder by folder. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // The entries have to be asked for before anything is waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry) await collect(entry, found, true);
  return found;
}

/** The music files of a folder that was chosen. */
export function musicOf(files: readonly File[]): File[] {
  const found = files.filter(({name}) => MUSIC.test(name));
  return found.sort((a, b) => a.webkitRelativePath.localeCompare(b.webkitRelativePath)).slice(0, MOST_FILES);
}

async function collect(entry: FileSystemEntry, found: File[], asked: boolean): Promise<void> {
  if (found.length >= MOST_FILES) return;
  if (entry.isFile) {
    if (!asked && !MUSIC.test(entry.name)) return;
    found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  for (const inner of await listed(entry as FileSystemDirectoryEntry)) await collect(inner, found, false);
}

/** A folder is read in batches, until an empty one. */
async function listed(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length || all.length > MOST_FILES) return all.sort((a, b) => a.name.localeCompare(b.name));
    all.push(...batch);
  }
}
