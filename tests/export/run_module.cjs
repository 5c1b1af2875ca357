// Runs a module with a folder served in place of http://localhost:8000/ and a Math.random that gives 0.5.
//
//     node run_module.cjs request.json result.json
//
// A request is {folder, code}; the result is what the module logs, a JSON value.
const fs = require('fs');
const http = require('http');
const path = require('path');

async function main() {
  const {folder, code} = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const server = http.createServer((request, response) => {
    response.writeHead(200, {Connection: 'close'});
    response.end(fs.readFileSync(path.join(folder, path.basename(request.url))));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  // Here, so that the packages of this folder are found.
  const file = path.join(__dirname, `.module-${process.pid}.mjs`);
  fs.writeFileSync(file, code.replace('http://localhost:8000/', url));
  Math.random = () => 0.5;
  const logged = [];
  const log = console.log;
  console.log = (text) => logged.push(text);
  try {
    await import(file);
  } finally {
    console.log = log;
    fs.unlinkSync(file);
    server.close();
  }
  fs.writeFileSync(process.argv[3], logged[0]);
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
