// Makes one OpenAPI document of openapi/*.yaml: document.yaml is the head, components.yaml and the areas' files are merged
// into it, and what holds for every operation is written out, so that no area can forget it.
//   node bundle.mjs DIRECTORY MESSAGES.tsv > openapi.json
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

// A path below the directory of fragments, as an object. References into components.yaml become local ones.
function readFragment(file) {
  const text = readFileSync(file, 'utf8').replaceAll('components.yaml#/', '#/');
  return parse(text, { uniqueKeys: true });
}

// Adds the members of `more` to `into`; a name that is already there is a mistake.
function addMembers(into, more, where) {
  for (const [name, value] of Object.entries(more ?? {})) {
    if (name in into) throw new Error(`${where}: ${name} is already defined`);
    into[name] = value;
  }
}

function addFragment(document, fragment, file) {
  for (const key of Object.keys(fragment)) {
    if (!['paths', 'components', 'tags'].includes(key)) throw new Error(`${file}: unexpected ${key}`);
  }
  document.tags.push(...(fragment.tags ?? []));
  for (const [path, item] of Object.entries(fragment.paths ?? {})) {
    document.paths[path] ??= {};
    addMembers(document.paths[path], item, `${file}: ${path}`);
  }
  for (const [section, members] of Object.entries(fragment.components ?? {})) {
    document.components[section] ??= {};
    addMembers(document.components[section], members, `${file}: components.${section}`);
  }
}

const component = (section, name) => ({ $ref: `#/components/${section}/${name}` });

// The refusals every operation of this kind can give, by status.
function commonRefusals(path, method, operation) {
  const signedIn = operation.security?.length !== 0;
  return {
    400: 'BadRequest',
    ...(signedIn && { 401: 'Unauthenticated', 403: 'Forbidden' }),
    ...(path.includes('{') && { 404: 'NotFound' }),
    ...(signedIn && method === 'post' && { 409: 'Conflict' }),
    ...(operation.requestBody && { 413: 'TooLarge', 415: 'UnsupportedMediaType', 422: 'Invalid', 507: 'NoRoom' }),
    429: 'TooManyRequests',
    503: 'Unavailable',
  };
}

function addParameter(operation, name) {
  operation.parameters ??= [];
  const ref = component('parameters', name);
  if (!operation.parameters.some((parameter) => parameter.$ref === ref.$ref)) operation.parameters.push(ref);
}

// Every answer bears the request's name; the shared answers are seen to once, for all who refer to them.
function addRequestId(answers) {
  for (const answer of Object.values(answers)) {
    if (!answer.$ref) answer.headers = { ...answer.headers, 'X-Request-Id': component('headers', 'RequestId') };
  }
}

function makeRepeatable(operation) {
  addParameter(operation, 'IdempotencyKey');
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (status < 300 && !answer.$ref) {
      answer.headers = { ...answer.headers, 'Idempotent-Replayed': component('headers', 'IdempotentReplayed') };
    }
  }
}

// What nginx answers itself (a path item with servers of its own) takes no part in the modules' conventions.
function completeOperation(path, method, operation) {
  if (operation['x-access'] === 'anyone') operation.security = [];
  for (const [status, name] of Object.entries(commonRefusals(path, method, operation))) {
    operation.responses[status] ??= component('responses', name);
  }
  addParameter(operation, 'AcceptLanguage');
  if (method === 'post' && operation.security?.length !== 0) makeRepeatable(operation);
  addRequestId(operation.responses);
}

// The English texts of the catalogue of messages.
function readMessages(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => line.split('\t', 2)));
}

// A shared refusal names one of its codes in x-example; it becomes a body of that refusal, in the catalogue's words.
function addExamples(answers, messages) {
  for (const answer of Object.values(answers)) {
    if (!answer['x-example']) continue;
    const { status, code } = answer['x-example'];
    const [title, detail] = [messages.get(`status.${status}`), messages.get(code)];
    if (!title || !detail) throw new Error(`the catalogue has no words for ${status} ${code}`);
    const example = { type: `urn:dastern:problem:${code}`, title, status, detail, code, request_id: '5f0c7a52d3f24b6fa27d7a4a4cc7f02b' };
    answer.content = { 'application/problem+json': { schema: component('schemas', 'Problem'), example } };
    delete answer['x-example'];
  }
}

export function bundle(directory, messages) {
  const document = parse(readFileSync(join(directory, 'document.yaml'), 'utf8'));
  document.components = {};
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml') && name !== 'document.yaml');
  for (const name of files.sort()) addFragment(document, readFragment(join(directory, name)), name);
  addExamples(document.components.responses, readMessages(messages));
  addRequestId(document.components.responses);
  for (const [path, item] of Object.entries(document.paths)) {
    if (item.servers) continue;
    for (const method of METHODS.filter((m) => m in item)) completeOperation(path, method, item[method]);
  }
  return document;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length !== 4) {
    console.error('usage: node bundle.mjs DIRECTORY MESSAGES.tsv > openapi.json');
    process.exit(2);
  }
  process.stdout.write(JSON.stringify(bundle(...process.argv.slice(2)), null, 1) + '\n');
}
