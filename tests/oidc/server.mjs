// An OpenID provider for tests on a free port of 127.0.0.1, which signs in whoever the request's login_hint names:
// "subject|email|true or false (verified)". Writes DIR/port once it listens. The secret of its one client is read with the
// first request, when the stack that is to use it has made it.
//   node server.mjs DIR REDIRECT_URI SECRET_FILE
import { createRequire } from 'node:module';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../npm/package.json', import.meta.url));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const [directory, redirectUri, secretFile] = process.argv.slice(2);

function makeProvider(port) {
  return new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: 'dastern',
      client_secret: readFileSync(secretFile, 'utf8').trim(),
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['given_name', 'family_name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (ctx, id) => {
      const [sub, email, verified] = id.split('|');
      return { accountId: id, claims: () => ({ sub, email, email_verified: verified === 'true', given_name: 'Bopha', family_name: 'Chan' }) };
    },
  });
}

// The person signs in and consents without being asked.
async function interact(provider, req, res) {
  const { params, prompt, grantId } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: params.login_hint } });
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: params.login_hint, clientId: params.client_id });
  grant.addOIDCScope('openid email profile');
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

let provider;
const server = createServer((req, res) => {
  provider ??= makeProvider(server.address().port);
  return req.url.startsWith('/interaction/') ? interact(provider, req, res) : provider.callback()(req, res);
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(join(directory, 'port.part'), String(server.address().port));
  renameSync(join(directory, 'port.part'), join(directory, 'port'));
});
process.on('SIGTERM', () => process.exit(0));
