package config

import _ "embed"

// SchemaID identifies [Schema].
const SchemaID = "https://reelcheck.invalid/target.schema.json"

// Schema is the JSON Schema of target files. Package describe generates it from the types of this package.
//
//go:embed target.schema.json
var Schema []byte

// Modes lists all time modes.
var Modes = []TimeMode{Virtual, Real, Deferred}
