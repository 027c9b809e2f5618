{{- define "slipway.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "slipway.webhook" -}}
{{ printf "%s-webhook" (include "slipway.fullname" . | trunc 55 | trimSuffix "-") }}
{{- end -}}

{{/* Of what is there once for the whole cluster: operators of different namespaces must not share it. */}}
{{- define "slipway.clusterWebhook" -}}
{{ printf "%s.%s" (include "slipway.webhook" .) .Release.Namespace }}
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

{{- define "slipway.auditKey" -}}
{{ .Values.audit.checkpoints.existingSecret | default (printf "%s-audit-key" (include "slipway.fullname" .)) }}
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
{{- if .Values.webhook.enabled -}}
{{- $name := include "slipway.webhook" . -}}
{{- $_ := set $top "webhook" (dict "configuration" (include "slipway.clusterWebhook" .) "host" (printf "%s.%s.svc" $name .Release.Namespace)) -}}
{{- end -}}
{{- if .Values.notifications.secret -}}
{{- $_ := set $top "notificationChannels" "/etc/slipway-notifications" -}}
{{- end -}}
{{- $audit := dict "key" "/etc/slipway-audit/key.pem" -}}
{{- if .Values.audit.store.url.secretName -}}
{{- $_ := set $audit "urlFile" "/etc/slipway-audit/url" -}}
{{- else -}}
{{- $_ := set $audit "url" "sqlite:////var/lib/slipway/audit.db" -}}
{{- end -}}
{{ merge (dict "images" $images "registries" $registries "audit" $audit) $top | toYaml }}
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
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
