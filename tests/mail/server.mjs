// A mail server for tests on a free port of 127.0.0.1. Writes each message it accepts, as it came, to DIR/<n>.eml, preceded
// by a line with the envelope; DIR/port once it listens. STARTTLS with the certificate DIR/cert.pem, DIR/key.pem.
// Recipients reject-…: 550 for good; busy-…: 451 the first time. Mode `auth` wants a sign-in as "dastern" with the password
// "test mail password"; mode `plain` offers no TLS.
//   node server.mjs DIR [auth|plain]
import { createRequire } from 'node:module';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const require = createRequire(new URL('../npm/package.json', import.meta.url));
const { SMTPServer } = require('smtp-server');

const [directory, mode] = process.argv.slice(2);
const file = (name) => join(directory, name);
const busy = new Set();
let received = 0;

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

const server = new SMTPServer({
  ...(mode !== 'plain' && { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) }),
  hideSTARTTLS: mode === 'plain',
  authOptional: mode !== 'auth',
  logger: false,
  onAuth(auth, session, done) {
    const known = auth.username === 'dastern' && auth.password === 'test mail password';
    done(known ? null : refusal(535, 'no such account'), known ? { user: 1 } : undefined);
  },
  onRcptTo(address, session, done) {
    if (address.address.startsWith('reject-')) return done(refusal(550, 'no such mailbox'));
    if (address.address.startsWith('busy-') && !busy.has(address.address)) {
      busy.add(address.address);
      return done(refusal(451, 'try again later'));
    }
    done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const name = file(`${++received}.eml`);
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = `X-Envelope: ${mailFrom.address} ${rcptTo.map((r) => r.address).join(' ')} ${session.secure ? 'tls' : 'plain'}\r\n`;
      writeFileSync(`${name}.part`, Buffer.concat([Buffer.from(envelope), ...chunks]));
      renameSync(`${name}.part`, name);
      done(null, 'kept');
    });
  },
});
server.on('error', () => {}); // a client that hangs up, or does not trust the certificate, is part of the tests
server.listen(0, '127.0.0.1', () => {
  writeFileSync(file('port.part'), String(server.server.address().port));
  renameSync(file('port.part'), file('port'));
});
process.on('SIGTERM', () => process.exit(0));
