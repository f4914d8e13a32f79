import ts from "typescript";
import { listedFunctions } from "./listed-functions.ts";
import type { Names } from "./names.ts";
import type { App } from "./program.ts";
import {
  bare,
  isFunction,
  methodOf,
  nodesOf,
  receiverOf,
  rootIdentifier,
  type FunctionNode,
} from "./syntax.ts";

/** When a function runs that nobody of the app calls. */
export type RootKind = "listener" | "handler" | "middleware" | "route" | "timer";

export interface Root {
  readonly kind: RootKind;
  /** For people: `"join"`, `the connection listener`, `GET /users`. */
  readonly label: string;
}

/** What is known to be Socket.IO's. */
export interface Roots {
  readonly roots: ReadonlyMap<FunctionNode, Root>;
  isServer(node: ts.Expression): boolean;
  isSocket(node: ts.Expression): boolean;
}

const onMembers = new Set(["on", "once", "addListener", "prependListener", "prependOnceListener"]);
const anyMembers = new Set(["onAny", "prependAny"]);
const routeMembers = new Set(["get", "post", "put", "delete", "patch", "all", "use"]);
/** Made by these, a `connection` is none of Socket.IO's. */
const otherServers =
  /^(node:)?(http|https|http2|net|tls|ws|mongoose|redis|ioredis|mqtt|amqplib|uws|uWebSockets\.js)$/;
const decorators = new Set(["SubscribeMessage"]);
const lifecycle = new Set(["handleConnection", "handleDisconnect"]);

/** Finds the functions that run per connection, packet, request and tick, and follows server and sockets into what they are handed to. */
export function findRoots({ files }: App, names: Names): Roots {
  const roots = new Map<FunctionNode, Root>();
  const servers = new Set<ts.Symbol>();
  const sockets = new Set<ts.Symbol>();
  const assignments: ts.BinaryExpression[] = [];
  const calls = files.flatMap((file) =>
    [...nodesOf(file)].filter((node) => ts.isCallExpression(node) || ts.isNewExpression(node)),
  );

  const isIn = (known: ReadonlySet<ts.Symbol>, node: ts.Expression): boolean => {
    const symbol = names.symbolOf(bare(node));
    return symbol !== undefined && known.has(symbol);
  };
  const isServer = (node: ts.Expression): boolean => {
    const at = bare(node);
    if (isIn(servers, at)) return true;
    if (ts.isIdentifier(at) && /^(io|nsp|namespace|ioServer|socketServer|socketIO|socketio)$/.test(at.text)) {
      return !isIn(sockets, at);
    }
    if (ts.isNewExpression(at)) return isSocketIo(names.packageOf(at.expression));
    if (ts.isPropertyAccessExpression(at)) {
      if (/^(io|nsp|namespace)$/.test(at.name.text)) return true;
      if (at.name.text === "sockets") return isServer(at.expression);
      return at.name.text === "server" && isDecoratedServer(at, names);
    }
    if (!ts.isCallExpression(at)) return false;
    const receiver = receiverOf(at);
    if (receiver === undefined) return isSocketIo(names.packageOf(at.expression));
    const method = methodOf(at) ?? "";
    if (["of", "attach", "listen"].includes(method)) {
      return isServer(receiver) || isSocketIo(names.packageOf(receiver));
    }
    return ["on", "use", "get"].includes(method) && method !== "get" && isServer(receiver);
  };
  const isSocket = (node: ts.Expression): boolean => {
    const at = bare(node);
    if (isIn(sockets, at)) return true;
    if (ts.isIdentifier(at)) return isNamedSocket(at, names);
    if (ts.isPropertyAccessExpression(at))
      return /^(socket|broadcast)$/.test(at.name.text) || isGivenTo(at, sockets, names);
    if (!ts.isCallExpression(at)) return false;
    const receiver = receiverOf(at);
    return receiver !== undefined && ["on", "once", "to"].includes(methodOf(at) ?? "") && isSocket(receiver);
  };

  const addRoot = (node: ts.Expression, root: Root): FunctionNode | undefined => {
    const functions = functionsOfArgument(node, names);
    for (const found of functions) if (!roots.has(found)) roots.set(found, root);
    return functions[0];
  };
  const addFirstParameter = (found: FunctionNode | undefined, known: Set<ts.Symbol>) => {
    const parameter = found?.parameters.find(({ name }) => name.getText() !== "this")?.name;
    const symbol = parameter && ts.isIdentifier(parameter) ? names.symbolOf(parameter) : undefined;
    if (symbol) known.add(symbol);
  };

  const visit = (call: ts.CallExpression | ts.NewExpression): void => {
    passOn(call, names, isServer, servers);
    passOn(call, names, isSocket, sockets);
    if (!ts.isCallExpression(call)) return;
    const method = methodOf(call) ?? (ts.isIdentifier(call.expression) ? call.expression.text : "");
    const receiver = receiverOf(call);
    const [first, second] = call.arguments;
    if (method === "setInterval" && first)
      return void addRoot(first, { kind: "timer", label: "setInterval" });
    if (
      method === "createServer" &&
      call.arguments.length > 0 &&
      receiver &&
      isHttp(names.packageOf(receiver))
    ) {
      return void addRoot(call.arguments.at(-1) as ts.Expression, { kind: "route", label: "a request" });
    }
    if (receiver === undefined || first === undefined) return;
    if (onMembers.has(method) && second) {
      const event = ts.isStringLiteralLike(first) ? first.text : first.getText();
      const label = ts.isStringLiteralLike(first) ? `"${event}"` : event;
      if (event === "connection" || event === "connect") {
        if (isSocket(receiver) || isOtherServer(receiver, names)) return;
        return addFirstParameter(
          addRoot(second, { kind: "listener", label: "the connection listener" }),
          sockets,
        );
      }
      if (isSocket(receiver)) return void addRoot(second, { kind: "handler", label });
      const isAdapter = ts.isPropertyAccessExpression(receiver) && receiver.name.text === "adapter";
      if (isServer(receiver) || isAdapter) return void addRoot(second, { kind: "handler", label });
      return;
    }
    if (anyMembers.has(method) && isSocket(receiver)) {
      return void addRoot(first, { kind: "handler", label: "any event" });
    }
    if (method === "use" && isSocket(receiver)) {
      return void addRoot(first, { kind: "handler", label: "a middleware of the socket" });
    }
    if (method === "use" && isServer(receiver)) {
      return addFirstParameter(addRoot(first, { kind: "middleware", label: "a middleware" }), sockets);
    }
    if (["timer", "every"].includes(method) && isServer(receiver)) {
      const label = `io.${method}(${first.getText()})`;
      return void addRoot(call.arguments[method === "timer" ? 1 : 2] ?? first, { kind: "handler", label });
    }
    if (method === "of" && second && isServer(receiver)) {
      return addFirstParameter(
        addRoot(second, { kind: "listener", label: "the connection listener" }),
        sockets,
      );
    }
    if (!routeMembers.has(method) || !isRouter(receiver, names)) return;
    const path = ts.isStringLiteralLike(first) ? ` ${first.text}` : "";
    const label = `${method === "use" ? "a request" : method.toUpperCase()}${path}`;
    for (const argument of call.arguments) {
      if (
        isFunction(bare(argument)) ||
        ts.isIdentifier(bare(argument)) ||
        ts.isPropertyAccessExpression(bare(argument))
      ) {
        addRoot(argument, { kind: "route", label });
      }
    }
  };

  for (const file of files) {
    for (const node of nodesOf(file)) {
      if (ts.isVariableDeclaration(node) && node.initializer && isServer(node.initializer)) {
        const symbol = names.symbolOf(node.name);
        if (symbol) servers.add(symbol);
      }
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
        assignments.push(node);
      if (ts.isMethodDeclaration(node) && isFunction(node))
        addDecorated(node, roots, (found) => addFirstParameter(found, sockets));
    }
  }
  // What one pass learns of parameters, the next one uses.
  for (let known = -1; known !== roots.size + servers.size + sockets.size;) {
    known = roots.size + servers.size + sockets.size;
    for (const { left, right } of assignments) {
      const symbol = names.symbolOf(left);
      if (symbol && isServer(right)) servers.add(symbol);
      else if (symbol && isOwnField(left) && isSocket(right)) sockets.add(symbol);
    }
    calls.forEach(visit);
  }
  return { roots, isServer, isSocket };
}

export const isSocketIo = (name: string | undefined): boolean => name === "socket.io" || name === "nonsticky";
const isHttp = (name: string | undefined): boolean => /^(node:)?https?$/.test(name ?? "");

/** A parameter, or a part of `this`, that is called so, of which nothing else is known: handed over by a loop, or by a loader of files. */
function isNamedSocket(node: ts.Identifier, names: Names): boolean {
  if (!/^(socket|sock|clientSocket)$/.test(node.text)) return false;
  const declaration = names.symbolOf(node)?.valueDeclaration;
  return declaration === undefined || ts.isParameter(declaration) || ts.isBindingElement(declaration);
}

/** `this.client` of `constructor(private readonly client: Socket)`. */
function isGivenTo(
  node: ts.PropertyAccessExpression,
  sockets: ReadonlySet<ts.Symbol>,
  names: Names,
): boolean {
  const declaration = names.symbolOf(node)?.valueDeclaration;
  if (declaration === undefined || !ts.isParameter(declaration)) return false;
  const given = names.symbolOf(declaration.name);
  return given !== undefined && sockets.has(given);
}

/** `this.socket`, and not `users[id]`, which may be anything by the next line. */
const isOwnField = (node: ts.Expression): boolean =>
  ts.isPropertyAccessExpression(node) && node.expression.kind === ts.SyntaxKind.ThisKeyword;

function isOtherServer(receiver: ts.Expression, names: Names): boolean {
  const name = names.packageOf(receiver);
  return name !== undefined && otherServers.test(name);
}

const routers =
  /^(express|@koa\/router|koa-router|koa|fastify|restify|polka|connect|hono|router|find-my-way)$/;

function isRouter(receiver: ts.Expression, names: Names): boolean {
  const name = names.packageOf(receiver);
  if (name !== undefined) return routers.test(name);
  const root = rootIdentifier(receiver);
  return root !== undefined && /^(app|router|fastify)$/.test(root.text);
}

/** `@WebSocketServer() server` of a gateway of NestJS. */
function isDecoratedServer(node: ts.PropertyAccessExpression, names: Names): boolean {
  const declaration = names.symbolOf(node)?.valueDeclaration;
  return declaration !== undefined && decoratorsOf(declaration).includes("WebSocketServer");
}

function addDecorated(
  method: ts.MethodDeclaration & FunctionNode,
  roots: Map<FunctionNode, Root>,
  onSocket: (found: FunctionNode) => void,
): void {
  const name = method.name.getText();
  const isGateway = decoratorsOf(method.parent).includes("WebSocketGateway");
  if (isGateway && lifecycle.has(name)) {
    roots.set(method, { kind: name === "handleConnection" ? "listener" : "handler", label: name });
    onSocket(method);
  } else if (decoratorsOf(method).some((decorator) => decorators.has(decorator))) {
    roots.set(method, { kind: "handler", label: name });
  }
}

export function decoratorsOf(node: ts.Node): readonly string[] {
  const found = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [];
  return found.map(({ expression }) =>
    (ts.isCallExpression(expression) ? expression.expression : expression).getText(),
  );
}

/** `join`, `() => …`, `this.join.bind(this)`, `wrap(() => …)`, and `onJoin(socket)` that returns one. */
function functionsOfArgument(node: ts.Expression, names: Names): readonly FunctionNode[] {
  const one = names.functionOf(node);
  if (one !== undefined) return [one];
  const at = bare(node);
  const listed = listedFunctions(at, names);
  if (listed.length > 0 || !ts.isCallExpression(at)) return listed;
  const wrapped = at.arguments.flatMap((argument) => {
    const isAny = isFunction(bare(argument)) || ts.isIdentifier(bare(argument));
    return isAny ? (names.functionOf(argument) ?? listedFunctions(argument, names)) : [];
  });
  if (wrapped.length > 0) return wrapped;
  const made = names.functionOf(at.expression);
  return made === undefined ? [] : returnedFunctions(made);
}

function returnedFunctions(made: FunctionNode): readonly FunctionNode[] {
  if (made.body && !ts.isBlock(made.body)) {
    const body = bare(made.body);
    return isFunction(body) ? [body] : [];
  }
  return [...nodesOf(made)].flatMap((node) => {
    const value = ts.isReturnStatement(node) && node.expression ? bare(node.expression) : undefined;
    return value && isFunction(value) ? [value] : [];
  });
}

/** A parameter that gets a server, or a socket, is one. */
function passOn(
  call: ts.CallExpression | ts.NewExpression,
  names: Names,
  is: (node: ts.Expression) => boolean,
  known: Set<ts.Symbol>,
): void {
  const given = call.arguments ?? [];
  if (!given.some((argument) => ts.isIdentifier(bare(argument)) && is(argument))) return;
  for (const called of calledBy(call, names)) {
    given.forEach((argument, index) => {
      const parameter = called.parameters[index]?.name;
      if (!ts.isIdentifier(bare(argument)) || !is(argument) || !parameter || !ts.isIdentifier(parameter))
        return;
      const symbol = names.symbolOf(parameter);
      if (symbol) known.add(symbol);
    });
  }
}

/** What a call runs: also `require("./sockets")(io)`, and the constructor of `new Game(io)`. */
export function calledBy(call: ts.CallExpression | ts.NewExpression, names: Names): readonly FunctionNode[] {
  if (ts.isNewExpression(call)) {
    const made = names.symbolOf(bare(call.expression))?.valueDeclaration;
    if (made === undefined || !ts.isClassLike(made)) return [];
    return made.members.filter(ts.isConstructorDeclaration).filter(isFunction);
  }
  const direct = [...names.functionsOf(call.expression), ...listedFunctions(call.expression, names)];
  if (direct.length > 0) return direct;
  const signatures = names.typeOf(call.expression).getCallSignatures();
  return signatures.flatMap(({ declaration }) =>
    declaration && isFunction(declaration) ? [declaration] : [],
  );
}
