import ts from "typescript";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { toFieldForm } from "./field-form.ts";
import type { Form, FormContext } from "./form.ts";
import type { Reason } from "./obstacles.ts";
import { toPropertyForm } from "./property-form.ts";
import { toVariableForm } from "./variable-form.ts";

/** What is to be written for a variable, by how it is declared. */
export function formOf(found: KeptPlace, context: FormContext): Form | Reason {
  const { place } = found;
  if (place.kind === "global") return toPropertyForm(found, context);
  if (place.kind === "field") return toFieldForm(found, context);
  const { declaration } = place;
  if (ts.isPropertyDeclaration(declaration)) return toFieldForm(found, context);
  if (ts.isVariableDeclaration(declaration) || ts.isBindingElement(declaration))
    return toVariableForm(found, context);
  return toPropertyForm(found, context);
}
