// Opens a demonstration page in Chromium, uses it and reports what its console said.
//
//     node demo.cjs request.json result.json
//
// A request is {folder, chromium, picture?}. What the page asks of the content network is answered
// with the files of node_modules; anything else from outside is refused and reported.
const fs = require('fs');
const http = require('http');
const path = require('path');
const {chromium} = require('playwright-core');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const NETWORK = 'https://cdn.jsdelivr.net/npm/';
const TYPES = {'.html': 'text/html', '.json': 'application/json'};

function serve(folder) {
  const server = http.createServer((request, response) => {
    const file = path.join(folder, path.basename(request.url) || 'index.html');
    fs.readFile(file, (error, data) => {
      response.writeHead(error ? 404 : 200,
        {'Content-Type': TYPES[path.extname(file)] || 'application/octet-stream', Connection: 'close'});
      response.end(error ? '' : data);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// Returns the file of a pinned package, if that version is what is installed.
function installed(url) {
  const [, name, version, file] = url.slice(NETWORK.length).match(/^((?:@[^/]+\/)?[^@/]+)@([^/]+)\/(.+)$/);
  const folder = path.join(__dirname, 'node_modules', name);
  const found = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
  if (found !== version) throw new Error(`${name} ${found} is installed, the page wants ${version}`);
  return path.join(folder, file);
}

async function use(page, url) {
  const said = () => page.textContent('#status');
  const settled = (text) => page.waitForFunction(
    (text) => document.getElementById('status').textContent.match(text), text);
  await page.goto(url);
  await settled('Ready');
  const result = {};
  await page.click('#sample');
  await settled('notes$');
  for (let tries = 0; tries < 8 && (await said()).startsWith('0 '); tries += 1) {
    await page.click('#sample');
    await settled('notes$');
  }
  result.sampled = await said();
  if (await page.isVisible('#similar')) {
    await page.click('#similar');
    await settled('notes$');
    result.varied = await said();
  }
  if (await page.isVisible('#morph')) {
    await page.click('#morph');
    await settled('notes$');
    result.morphed = await said();
  }
  result.rects = await page.locator('#roll svg rect').count();
  await page.click('#play');
  await page.waitForFunction(() => player.isPlaying());
  result.label = await page.textContent('#play');
  await page.waitForFunction(() => document.querySelector('#roll rect.active'));
  result.heard = true;
  await page.click('#play');
  result.stopped = await page.evaluate(() => !player.isPlaying());
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  result.midi = fs.readFileSync(await download.path()).subarray(0, 4).toString();
  return result;
}

async function main() {
  const request = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const server = await serve(request.folder);
  const browser = await chromium.launch({executablePath: request.chromium, args: FLAGS});
  const page = await browser.newPage({acceptDownloads: true});
  // Without a graphics card a model of 16 bars takes a minute a piece.
  page.setDefaultTimeout(280000);
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.route(`${NETWORK}**`, (route) => route.fulfill({
    path: installed(route.request().url()), headers: {'Access-Control-Allow-Origin': '*'},
    contentType: 'text/javascript'}));
  await page.route(/^https?:\/\/(?!127\.0\.0\.1|cdn\.jsdelivr\.net)/, (route) => {
    errors.push(`asked for ${route.request().url()}`);
    return route.abort();
  });
  let result;
  try {
    result = await use(page, `http://127.0.0.1:${server.address().port}/`);
  } catch (error) {
    throw new Error([String(error), ...errors, await page.textContent('#status')].join('\n'));
  }
  if (request.picture) await page.screenshot({path: request.picture});
  await browser.close();
  server.close();
  fs.writeFileSync(process.argv[3], JSON.stringify({...result, errors}));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
