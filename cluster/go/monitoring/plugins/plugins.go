// Package plugins takes the place of Prometheus' own list of service discoveries: of two dozen, one is needed here, and
// the others are most of its compilation. Debian's package would spare us all of it, but leaves out this very one.
package plugins

import _ "github.com/prometheus/prometheus/discovery/kubernetes" // Register it.
