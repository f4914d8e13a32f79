/** For both servers, so that their OPEN frames are equal. Pings are too far apart to show up in a row. */
export const settings = { pingInterval: 120_000, pingTimeout: 120_000, maxHttpBufferSize: 1e6 };

/** As the protocol suites have them: short enough to wait for. */
export const quickSettings = {
  pingInterval: 300,
  pingTimeout: 200,
  connectTimeout: 1_000,
  maxHttpBufferSize: 1e6,
};
