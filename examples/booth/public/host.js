const form = document.querySelector("form");
const input = document.querySelector("input");
const publisher = document.querySelector("millrace-publisher");

const show = (asks, problem = "") => {
  form.hidden = !asks;
  publisher.hidden = asks;
  document.querySelector("[role=alert]").textContent = problem;
};

// The server looks at the password when the stream begins, and says so when it is not the one.
form.addEventListener("submit", (event) => {
  event.preventDefault();
  publisher.token = input.value;
  show(false);
});
publisher.addEventListener("error", ({ detail }) => {
  if (["UNAUTHORIZED", "FORBIDDEN"].includes(detail.code)) show(true, "That is not the password.");
});
