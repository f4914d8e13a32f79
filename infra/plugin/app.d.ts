import type { AppModule } from "../../lib/lambda.ts";

export declare const io: NonNullable<AppModule["io"]>;
export declare const engine: NonNullable<AppModule["engine"]>;
