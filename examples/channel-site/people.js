// Your database. Keep hashes of passwords there; these are plain because this is an example.
const people = [
  { name: "anna", password: "anna-password", key: "anna-key-4f2c81d07b" },
  { name: "ben", password: "ben-password", key: "ben-key-90ae6d35c2" },
];

export const ownerOfKey = (key) => people.find((person) => person.key === key);

export const ownerOfPassword = (name, password) =>
  people.find((person) => person.name === name && person.password === password);
