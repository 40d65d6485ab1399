// What the page holds is packed: DenseNet-264 says in 30 KB what would be 700 as text.

async function unpackedBytes(packed) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const unpacked = async (packed) => JSON.parse(new TextDecoder().decode(await unpackedBytes(packed)));
