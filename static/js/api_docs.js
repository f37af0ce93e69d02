// The API's document in Swagger UI, to try things out, or in Redoc, to read.

const swagger = document.getElementById("swagger");
const reading = document.getElementById("reading");

if (swagger) {
  window.SwaggerUIBundle({
    domNode: swagger,
    url: swagger.dataset.document,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    tryItOutEnabled: true,
    // Whoever is signed in here tries things out as themselves.
    requestInterceptor: (request) => {
      const changes = !["GET", "HEAD", "OPTIONS"].includes((request.method ?? "GET").toUpperCase());
      if (changes) request.headers["X-CSRFToken"] = swagger.dataset.csrfToken;
      return request;
    },
  });
}

if (reading) {
  const accent = "#0c6059";
  // The search would need a worker made of text, which the content policy refuses.
  const options = {
    disableSearch: true,
    hideDownloadButton: true,
    scrollYOffset: 56,
    theme: { colors: { primary: { main: accent } }, typography: { fontFamily: "inherit", headings: { fontFamily: "inherit" } } },
  };
  window.Redoc.init(reading.dataset.document, options, reading);
}
