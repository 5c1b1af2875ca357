// Runs exported models in @magenta/music.
//
//     node magenta_js.cjs requests.json results.json
//
// A request is {folder, z?, inputs?, similar?, interpolate?, controls?}; a result has the arrays that
// magenta-js gave, or {error}. Folders are served on the loopback interface, since magenta-js fetches.
const fs = require('fs');
const http = require('http');
const path = require('path');

const tf = require('@tensorflow/tfjs');
const {sequences} = require('@magenta/music/node/core');
const {NoteSequence} = require('@magenta/music/node/protobuf');
const {MusicVAE} = require('@magenta/music/node/music_vae');

const TEMPERATURE = 1e-6;
tf.env().set('PROD', true);

function serve(roots) {
  const server = http.createServer((request, response) => {
    const [, index, name] = request.url.split('/');
    const file = path.join(roots[Number(index)], path.basename(name));
    fs.readFile(file, (error, data) => {
      response.writeHead(error ? 404 : 200, {Connection: 'close'});
      response.end(error ? '' : data);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function run(request, url) {
  const model = new MusicVAE(url);
  await model.initialize();
  const result = {};
  const given = request.controls || {};
  const controls = {...given};
  if (given.extraControls) {
    controls.extraControls = {};
    for (const [name, rows] of Object.entries(given.extraControls)) {
      controls.extraControls[name] = tf.tensor2d(rows);
    }
  }
  const args = request.controls ? controls : undefined;
  if (request.z) {
    result.steps = await (await model.decodeTensors(tf.tensor2d(request.z), TEMPERATURE, args)).array();
  }
  if (request.inputs) {
    const inputs = tf.tensor3d(request.inputs);
    result.encoded = [];
    for (const piece of tf.split(inputs, inputs.shape[0])) {
      result.encoded.push((await (await model.encodeTensors(piece, args || {})).array())[0]);
    }
    if (request.similar) {
      const one = inputs.slice([0, 0, 0], [1, -1, -1]).squeeze([0]);
      const similar = await model.similarTensors(one, 2, 0.9, TEMPERATURE, args);
      result.similar = similar.shape;
    }
    if (request.interpolate) {
      const steps = await model.interpolateTensors(inputs.slice([0, 0, 0], [2, -1, -1]), 3, TEMPERATURE, args);
      result.interpolated = steps.shape;
    }
  }
  if (request.notes) {
    const sequence = NoteSequence.create(request.notes);
    const quantized = sequences.quantizeNoteSequence(sequence, request.stepsPerQuarter || 4);
    result.tensor = await model.dataConverter.toTensor(quantized).array();
  }
  if (request.sample) {
    const samples = await model.sample(2, 0.5, args);
    result.sampled = samples.map((sequence) => sequence.notes.length);
  }
  model.dispose();
  return result;
}

async function main() {
  const requests = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const server = await serve(requests.map((request) => request.folder));
  const results = [];
  for (const [index, request] of requests.entries()) {
    const url = `http://127.0.0.1:${server.address().port}/${index}`;
    try {
      results.push(await run(request, url));
    } catch (error) {
      results.push({error: String(error && error.stack || error)});
    }
  }
  server.close();
  fs.writeFileSync(process.argv[3], JSON.stringify(results));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
