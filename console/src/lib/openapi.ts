/** The parts of an OpenAPI document that are shown. It comes from the server: nothing is sure. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface RawOperation {
  tags?: string[];
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
  }[];
  requestBody?: Content;
  responses?: Record<string, Content>;
}

export interface OpenApi {
  info?: { version?: string; description?: string };
  paths?: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** A parameter, or a field of a body. */
export interface Field {
  /** With its parents: "token.id", "items[].name". */
  name: string;
  type: string;
  isRequired: boolean;
  description: string;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  parameters: Field[];
  body: Field[];
  answer: Field[];
}

const methods = ["get", "post", "put", "patch", "delete"] as const;
/** How deep a body is unfolded; what lies deeper has its type alone. */
const depth_max = 3;

/** Every operation, in the order of the document. */
export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const raw = item[method];
      return raw === undefined ? [] : [operation(document, path, method, raw)];
    }),
  );
}

function operation(document: OpenApi, path: string, method: string, raw: RawOperation): Operation {
  const success = Object.entries(raw.responses ?? {}).find(([status]) => status.startsWith("2"));
  return {
    id: raw.operationId ?? `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    tag: raw.tags?.[0] ?? "",
    summary: [raw.summary, raw.description].filter(Boolean).join("\n\n"),
    parameters: (raw.parameters ?? []).map((parameter) => ({
      name: parameter.name,
      type: typeOf(document, parameter.schema ?? {}),
      isRequired: parameter.required ?? false,
      description: parameter.description ?? "",
    })),
    body: fieldsOf(document, schemaOf(raw.requestBody)),
    answer: fieldsOf(document, schemaOf(success?.[1])),
  };
}

function schemaOf(content: Content | undefined): Schema | undefined {
  return content?.content?.["application/json"]?.schema;
}

function resolve(document: OpenApi, schema: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  const target = name === undefined ? undefined : document.components?.schemas?.[name];
  if (target !== undefined) return { ...target, ...withoutRef(schema) };
  // "This or null" is this.
  const some = (schema.oneOf ?? schema.anyOf)?.filter((one) => one.type !== "null");
  if (some?.length === 1 && some[0]) return { ...resolve(document, some[0]), ...plain(schema) };
  if (schema.allOf === undefined) return schema;
  const parts = schema.allOf.map((part) => resolve(document, part));
  return {
    ...plain(schema),
    type: "object",
    properties: Object.assign({}, schema.properties, ...parts.map((part) => part.properties)),
    required: [...(schema.required ?? []), ...parts.flatMap((part) => part.required ?? [])],
  };
}

function withoutRef(schema: Schema): Schema {
  const rest = { ...schema };
  delete rest.$ref;
  return rest;
}

function plain(schema: Schema): Pick<Schema, "description"> {
  return schema.description === undefined ? {} : { description: schema.description };
}

/** "string", "integer or null", "enabled | disabled", "array of string". */
export function typeOf(document: OpenApi, schema: Schema): string {
  const isNullable = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].some(
    (one) => one.type === "null",
  );
  const whole = resolve(document, schema);
  if (whole.enum) return whole.enum.map(String).join(" | ");
  const types = [whole.type ?? (whole.properties ? "object" : "any")].flat();
  const named = types.map((type) => {
    if (type === "array") return `array of ${typeOf(document, whole.items ?? {})}`;
    return type === "string" && whole.format === "date-time" ? "time" : type;
  });
  return [...new Set(isNullable ? [...named, "null"] : named)].join(" or ");
}

function fieldsOf(document: OpenApi, schema: Schema | undefined, prefix = "", depth = 1): Field[] {
  if (schema === undefined) return [];
  const whole = resolve(document, schema);
  if (whole.items) return fieldsOf(document, whole.items, `${prefix}[]`, depth);
  return Object.entries(whole.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const inner = depth < depth_max ? fieldsOf(document, value, name, depth + 1) : [];
    const field = {
      name,
      type: typeOf(document, value),
      isRequired: whole.required?.includes(key) ?? false,
      description: resolve(document, value).description ?? "",
    };
    return [field, ...inner];
  });
}

/** Those in which every word is found: in the method, the path, what they do, or their fields. */
export function findOperations(operations: readonly Operation[], search: string): Operation[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter((one) => {
    const fields = [...one.parameters, ...one.body].map((field) => field.name);
    const text = [one.method, one.path, one.tag, one.summary, ...fields].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
