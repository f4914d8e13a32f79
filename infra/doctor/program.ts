import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { DoctorError } from "./doctor-error.ts";

/** An app as the doctor sees it: its own files, and who is meant by a name in them. Packages are not read. */
export interface App {
  readonly files: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
}

/**
 * Reads a module and what it imports of its own, `require` included. Throws a `DoctorError` when one of them does not
 * exist or does not parse.
 */
export function readApp(entry: string): App {
  const file = path.resolve(entry);
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new DoctorError(
      `expected a module, got ${entry}, which ${existsSync(file) ? "is none" : "does not exist"}`,
    );
  }
  if (!/\.[cm]?[jt]sx?$/.test(file)) {
    throw new DoctorError(`expected a module of JavaScript or TypeScript, got ${entry}`);
  }
  const options = readOptions(file);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...others) =>
    path.dirname(name) === libraryDir
      ? readLibrary(name, () => read(name, ...others))
      : read(name, ...others);
  host.resolveModuleNameLiterals = (literals, from, _redirect, resolved) =>
    literals.map(({ text }) => ({
      resolvedModule: isOwn(text, resolved)
        ? toOwn(ts.resolveModuleName(text, from, resolved, host).resolvedModule)
        : undefined,
    }));
  const program = ts.createProgram({ rootNames: [file], options, host });
  const files = program
    .getSourceFiles()
    .filter((source) => !source.isDeclarationFile && !source.fileName.endsWith(".json"));
  for (const source of files) refuseUnparsed(source, program);
  return { files, checker: program.getTypeChecker() };
}

const libraryDir = path.dirname(ts.getDefaultLibFilePath({}));
const libraries = new Map<string, ts.SourceFile | undefined>();

/** The language's own declarations, which do not change and take longer to parse than an app. */
function readLibrary(name: string, read: () => ts.SourceFile | undefined): ts.SourceFile | undefined {
  if (!libraries.has(name)) libraries.set(name, read());
  return libraries.get(name);
}

function readOptions(file: string): ts.CompilerOptions {
  const options: ts.CompilerOptions = {
    allowJs: true,
    checkJs: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    experimentalDecorators: true,
    maxNodeModuleJsDepth: 0,
    jsx: ts.JsxEmit.Preserve,
    strict: true,
    types: [],
  };
  const found = ts.findConfigFile(path.dirname(file), ts.sys.fileExists);
  if (found === undefined) return options;
  const { config } = ts.readConfigFile(found, (name) => readFileSync(name, "utf8")) as {
    config?: { compilerOptions?: { paths?: Record<string, string[]>; baseUrl?: string } };
  };
  const { paths, baseUrl } = config?.compilerOptions ?? {};
  if (paths === undefined) return options;
  return { ...options, paths, pathsBasePath: path.resolve(path.dirname(found), baseUrl ?? ".") };
}

const isOwn = (specifier: string, { paths = {} }: ts.CompilerOptions): boolean =>
  /^\.{0,2}\//.test(specifier) ||
  specifier === "." ||
  specifier === ".." ||
  Object.keys(paths).some((pattern) => {
    const [before = "", after = ""] = pattern.split("*");
    return pattern !== "*" && specifier.startsWith(before) && specifier.endsWith(after);
  });

/** `paths` may lead into packages. */
const toOwn = (resolved: ts.ResolvedModuleFull | undefined): ts.ResolvedModuleFull | undefined =>
  resolved === undefined || resolved.resolvedFileName.includes("/node_modules/") ? undefined : resolved;

function refuseUnparsed(source: ts.SourceFile, program: ts.Program): void {
  const [first] = program.getSyntacticDiagnostics(source);
  if (first === undefined) return;
  const { line, character } = source.getLineAndCharacterOfPosition(first.start);
  const text = ts.flattenDiagnosticMessageText(first.messageText, " ");
  throw new DoctorError(
    `expected ${source.fileName} to parse, got at line ${line + 1}, column ${character + 1}: ${text}`,
  );
}
