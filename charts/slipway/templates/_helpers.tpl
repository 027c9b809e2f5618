{{- define "slipway.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "slipway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "slipway.labels" -}}
{{ include "slipway.selector" . }}
app.kubernetes.io/part-of: slipway
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "slipway.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "slipway.fullname" .) }}
{{- else -}}
{{ required "serviceAccount.name: name the ServiceAccount to use, or set serviceAccount.create to true" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* The operator's configuration file: the values that it reads, without those that only the chart needs. */}}
{{- define "slipway.config" -}}
{{- $registries := dict -}}
{{- range $name, $registry := .Values.registries -}}
{{- if $registry -}}
{{- $_ := set $registries $name (omit $registry "operatorSecret") -}}
{{- end -}}
{{- end -}}
{{- $images := dict "server" .Values.images.server "native" .Values.images.native "jobs" (.Values.images.jobs | default .Values.images.native) -}}
{{- $top := pick .Values "watchNamespaces" "resyncInterval" "maxParallelReconciles" "logLevel" "serverPackages" -}}
{{- $monitoring := omit .Values.monitoring "dashboards" -}}
{{ merge (dict "images" $images "registries" $registries "monitoring" $monitoring) $top | toYaml }}
{{- end -}}

{{/* Whether the operator itself is monitored: auto asks the cluster whether it knows the Prometheus Operator's kinds. */}}
{{- define "slipway.monitored" -}}
{{- $enabled := toString .Values.monitoring.enabled -}}
{{- or (eq $enabled "true") (and (eq $enabled "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/PrometheusRule")) -}}
{{- end -}}

{{- define "slipway.monitoringLabels" -}}
{{- with .Values.monitoring.labels }}
{{- toYaml . }}
{{ end -}}
{{ include "slipway.labels" . }}
{{- end -}}

{{/* What the operator may do where ModelReleases live. No Secrets, no exec. */}}
{{- define "slipway.rules" -}}
- apiGroups: [slipway.dev]
  resources: [modelreleases]
  verbs: [get, list, watch]
- apiGroups: [slipway.dev]
  resources: [modelrevisions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [slipway.dev]
  resources: [modelreleases/status, modelrevisions/status]
  verbs: [get, update, patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services, configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
