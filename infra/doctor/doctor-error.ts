/** The doctor could not look: an option, a file that is not there, a file that does not parse. For the caller, without a stack. */
export class DoctorError extends Error {
  override readonly name = "DoctorError";
}
