package spec

import _ "embed"

// OpenAPI is the API description in YAML, a copy of openapi.yaml at the top of the repository.
//
//go:embed openapi.gen.yaml
var OpenAPI []byte
