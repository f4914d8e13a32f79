export class Lobby {
  #players = new Map();
  rounds = 0;

  add(id, name) {
    this.#players.set(id, { name, score: 0 });
  }

  score(id, points) {
    const player = this.#players.get(id);
    if (player) player.score += points;
    this.rounds += 1;
  }

  get table() {
    return [...this.#players.values()].map(({ name, score }) => `${name}: ${score}`);
  }
}
