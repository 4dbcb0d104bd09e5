// The OpenAPI document against what is served: every route of every module has its entry and every entry its route, with
// the same callers, parameters, body members, types and choices; what nginx answers itself stands in its configuration.
//   node contract_test.mjs OPENAPI.json DIRECTORY_OF_EXECUTABLES
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const SCHEMA_OF = {
  text: { type: 'string' }, email: { type: 'string' }, phone: { type: 'string' }, password: { type: 'string' },
  uuid: { type: 'string', format: 'uuid' }, int: { type: 'integer' }, decimal: { type: 'number' }, bool: { type: 'boolean' },
  date: { type: 'string', format: 'date' }, clock: { type: 'string' }, timestamp: { type: 'string', format: 'date-time' },
  choice: { type: 'string' }, object: { type: 'object' }, list: { type: 'array' },
};

const [documentFile, programs] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentFile, 'utf8'));
const faults = [];
let checked = 0;

function check(condition, where, what) {
  checked++;
  if (!condition) faults.push(`${where}: ${what}`);
}

function resolve(node) {
  while (node?.$ref) {
    const { $ref, ...beside } = node;
    node = { ...$ref.slice(2).split('/').reduce((at, key) => at[key], document), ...beside };
  }
  return node;
}

// A schema as one object: references followed, allOf merged, the null of oneOf and of type lists told apart.
function flat(schema) {
  schema = { ...resolve(schema) };
  for (const part of (schema.allOf ?? []).map(flat)) {
    schema = { ...part, ...schema, properties: { ...part.properties, ...schema.properties },
               required: [...(part.required ?? []), ...(schema.required ?? [])] };
  }
  if (schema.oneOf?.some((s) => s.type === 'null')) {
    schema = { ...flat(schema.oneOf.find((s) => s.type !== 'null')), nullable: true };
  }
  if (schema.oneOf?.every((s) => flat(s).properties)) schema = { ...schema, ...oneOfAll(schema.oneOf.map(flat)) };
  if (Array.isArray(schema.type)) {
    schema = { ...schema, nullable: schema.type.includes('null'), type: schema.type.find((t) => t !== 'null') };
  }
  return schema;
}

// What a route accepts that is described as one of several shapes: any member of any, requiring what all of them do.
function oneOfAll(shapes) {
  return {
    type: 'object',
    properties: Object.assign({}, ...shapes.map((s) => s.properties)),
    required: (shapes[0].required ?? []).filter((name) => shapes.every((s) => s.required?.includes(name))),
    additionalProperties: shapes.every((s) => s.additionalProperties === false) ? false : undefined,
  };
}

const sorted = (names) => [...names].sort().join(' ') || 'none';
const difference = (a, b) => [...a].filter((x) => !b.includes(x));

function compareNames(where, what, served, described) {
  for (const name of difference(served, described)) check(false, where, `${what} ${name} is served but not described`);
  for (const name of difference(described, served)) check(false, where, `${what} ${name} is described but not served`);
  check(true);
}

function compareField(where, field, schema) {
  schema = flat(schema);
  const wanted = SCHEMA_OF[field.type];
  check(schema.type === wanted.type, where, `is ${field.type}, described as ${schema.type}`);
  if (wanted.format) check(schema.format === wanted.format, where, `is ${field.type}, described with format ${schema.format}`);
  check(Boolean(schema.nullable) === field.nullable, where, field.nullable ? 'may be null' : 'may not be null');
  if (field.choices) compareNames(where, 'choice', field.choices, (schema.enum ?? []).filter((v) => v !== null));
  if (field.fields) compareObject(where, field.fields, schema);
  if (field.item) compareField(`${where}[]`, field.item, schema.items ?? {});
}

function compareObject(where, fields, schema) {
  schema = flat(schema);
  const properties = schema.properties ?? {};
  compareNames(where, 'member', fields.map((f) => f.name), Object.keys(properties));
  const required = fields.filter((f) => f.required).map((f) => f.name);
  check(sorted(required) === sorted(schema.required ?? []), where, `requires ${sorted(required)}, described: ${sorted(schema.required ?? [])}`);
  check(schema.additionalProperties === false, where, 'refuses unknown members; say additionalProperties: false');
  for (const field of fields) if (properties[field.name]) compareField(`${where}/${field.name}`, field, properties[field.name]);
}

function compareQuery(where, route, parameters) {
  const fields = route.method === 'GET' ? route.fields : [];
  const query = parameters.filter((p) => p.in === 'query');
  compareNames(where, 'query parameter', [...fields.map((f) => f.name), ...(route.list ? ['limit', 'cursor'] : [])], query.map((p) => p.name));
  for (const field of fields) {
    const parameter = query.find((p) => p.name === field.name);
    if (!parameter) continue;
    check(Boolean(parameter.required) === field.required, where, `${field.name} required: ${field.required}`);
    compareField(`${where} ?${field.name}`, { ...field, nullable: false }, parameter.schema);
  }
}

// A route that takes a form as well takes the same fields beside its file; the JSON body is the one that is compared.
function compareBody(where, route, operation) {
  const body = resolve(operation.requestBody)?.content ?? {};
  const fields = route.method === 'GET' ? [] : route.fields;
  check(fields.length === 0 || body['application/json'], where, 'has members but no JSON body is described');
  check(fields.length > 0 || !body['application/json'], where, 'takes no JSON body, but one is described');
  check(route.multipart === Boolean(body['multipart/form-data']), where, `multipart/form-data: ${route.multipart}`);
  if (body['application/json'] && fields.length) compareObject(where, fields, body['application/json'].schema);
}

function compareAccess(where, route, operation) {
  const all = ['patient', 'doctor', 'family_member', 'admin'];
  const served = route.access.length === 0 ? 'anyone' : sorted(route.access) === sorted(all) ? 'active' : sorted(route.access);
  const told = operation['x-access'];
  const described = Array.isArray(told) ? sorted(told) : told;
  check(served === described, where, `may be called by ${served}, described: ${described}`);
  check((served === 'anyone') === (operation.security?.length === 0), where, 'security does not fit x-access');
}

// A reader must not be shown the body of one refusal as that of another.
function compareExamples(where, operation) {
  for (const [status, answer] of Object.entries(operation.responses)) {
    const problem = resolve(answer).content?.['application/problem+json'];
    if (!problem) continue;
    const example = problem.example ?? flat(problem.schema).examples?.[0];
    check(example?.status === Number(status), where, `the example of ${status} is one of ${example?.status}`);
  }
}

function compareRoute(route) {
  const path = route.path.replace(/\{([a-z_]+):[a-z]+\}/g, '{$1}');
  const where = `${route.method} ${path}`;
  const operation = document.paths[path]?.[route.method.toLowerCase()];
  check(operation, where, 'is served but not described');
  if (!operation) return where;
  const parameters = [...(document.paths[path].parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
  const captures = [...path.matchAll(/\{([a-z_]+)\}/g)].map((m) => m[1]);
  compareNames(where, 'path parameter', captures, parameters.filter((p) => p.in === 'path').map((p) => p.name));
  compareAccess(where, route, operation);
  compareQuery(where, route, parameters);
  compareBody(where, route, operation);
  compareExamples(where, operation);
  return where;
}

// A path with servers of its own is nginx's. nginx names some paths of modules as well, to give them limits of their own;
// metrics have a listener of theirs.
function compareServer(routes) {
  const metrics = readFileSync('nginx/metrics.conf', 'utf8').replace('~ ^/metrics/(?<metrics_area>[a-z_]+)$', '= /metrics/{area}');
  const locations = [...(readFileSync('nginx/server.conf', 'utf8') + metrics).matchAll(/location = (\S+)/g)].map((m) => m[1]);
  const served = locations.filter((path) => !routes.some((route) => `/api/v1${route.path}` === path));
  const described = Object.entries(document.paths).filter(([, item]) => item.servers).map(([path]) => path);
  compareNames('nginx', 'path', served, described);
}

const routes = readdirSync(programs).filter((name) => !name.endsWith('_worker'))
  .flatMap((name) => JSON.parse(execFileSync(join(programs, name), ['--routes'], { encoding: 'utf8' })));
const served = routes.map(compareRoute);
for (const [path, item] of Object.entries(document.paths)) {
  for (const method of METHODS.filter((m) => m in item && !item.servers)) {
    const where = `${method.toUpperCase()} ${path}`;
    check(served.includes(where), where, 'is described but not served');
  }
}
compareServer(routes);

for (const fault of faults) console.log(fault);
console.log(`${served.length} routes, ${checked} comparisons`);
console.log(`contract: ${checked - faults.length} passed, ${faults.length} failed`);
process.exit(faults.length || !served.length ? 1 : 0);
