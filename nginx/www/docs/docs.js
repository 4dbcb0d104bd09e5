// Starts Swagger UI on this server's own document. Nothing is sent anywhere else, and no token is kept in the browser.
SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#contract',
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  showExtensions: true,
  validatorUrl: null,
});
