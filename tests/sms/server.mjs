// A gateway for text messages, for tests, over TLS on a free port of 127.0.0.1. POST /messages of {"to", "text"} with the token of
// TOKEN_FILE; what it accepts becomes DIR/<n>.json, with the request's Idempotency-Key, a repeat of which is dropped; DIR/port once
// it listens. Numbers +8552…: 400 for good; +8553…: 503 the first time.
//   node server.mjs DIR TOKEN_FILE
import { createServer } from 'node:https';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory, tokenFile] = process.argv.slice(2);
const file = (name) => join(directory, name);
const busy = new Set();
const seen = new Set();
let received = 0;

function write(name, text) {
  writeFileSync(file(`${name}.part`), text);
  renameSync(file(`${name}.part`), file(name));
}

function answer(request, body) {
  if (request.headers.authorization !== `Bearer ${readFileSync(tokenFile, 'utf8')}`) return 401;
  if (request.method !== 'POST' || request.url !== '/messages') return 404;
  const { to, text, ...rest } = JSON.parse(body);
  if (!/^\+[1-9][0-9]{7,14}$/.test(to) || !text || Object.keys(rest).length || to.startsWith('+8552')) return 400;
  if (to.startsWith('+8553') && !busy.has(to)) {
    busy.add(to);
    return 503;
  }
  const key = request.headers['idempotency-key'];
  if (seen.has(key)) return 200;
  seen.add(key);
  write(`${++received}.json`, JSON.stringify({ to, text, key }));
  return 202;
}

const server = createServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.statusCode = answer(request, Buffer.concat(chunks).toString());
    response.end();
  });
});
server.on('tlsClientError', () => {}); // a client that does not trust the certificate is part of the tests
server.listen(0, '127.0.0.1', () => write('port', String(server.address().port)));
process.on('SIGTERM', () => process.exit(0));
