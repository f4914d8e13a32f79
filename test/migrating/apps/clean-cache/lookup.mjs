class Database {
  find(id) {
    return Promise.resolve({ id, name: `user ${id}` });
  }
}

const connect = async () => new Database();

let database;
const getDatabase = async () => {
  if (!database) database = await connect();
  return database;
};

// nonsticky: cache
const users = new Map();

export async function findUser(id) {
  const known = users.get(id);
  if (known) return known;
  const db = await getDatabase();
  const user = await db.find(id);
  users.set(id, user);
  return user;
}

export function countWords(text) {
  const counts = new Map();
  for (const word of text.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}
