// Pictures: where the browser could make nothing of one, it is said in its place.

const tellUndrawn = (image) => {
  image.parentElement.querySelector(".undrawn").hidden = false;
};

for (const image of all(".sheet img")) {
  image.addEventListener("error", () => tellUndrawn(image));
  if (image.complete && !image.naturalWidth) tellUndrawn(image);
}
