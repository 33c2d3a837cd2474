{{- define "tiktok-consumer.name" -}}
{{- $name := .Values.fullnameOverride | default .Release.Name -}}
{{- if not (or .Values.fullnameOverride (contains .Chart.Name $name)) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "tiktok-consumer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* What may be a label's value: of a version such as 0.2.0+g1234, the + may not. */ -}}
{{- define "tiktok-consumer.asLabel" -}}
{{- regexReplaceAll "[^A-Za-z0-9_.-]" . "_" | trunc 63 | trimAll "-_." -}}
{{- end }}

{{- /* Of every object. commonLabels may add to them, and change none. */ -}}
{{- define "tiktok-consumer.labels" -}}
{{- $ours := dict
  "app.kubernetes.io/name" .Chart.Name
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" (include "tiktok-consumer.asLabel" .Chart.AppVersion)
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (include "tiktok-consumer.asLabel" (printf "%s-%s" .Chart.Name .Chart.Version))
-}}
{{- merge $ours .Values.commonLabels | toYaml -}}
{{- end }}

{{- /* Of the pods: nothing in them changes with the version, or each upgrade of the chart alone would restart all. */ -}}
{{- define "tiktok-consumer.podLabels" -}}
{{- merge (include "tiktok-consumer.selector" . | fromYaml) .Values.podLabels .Values.commonLabels | toYaml -}}
{{- end }}

{{- /* Settings are read at start: by the checksum, pods are replaced when they change. */ -}}
{{- define "tiktok-consumer.podAnnotations" -}}
{{- $ours := dict -}}
{{- if not .Values.existingConfigMap }}{{ $_ := set $ours "checksum/config" (printf "%s%s" .Values.config (toJson .Values.files) | sha256sum) }}{{ end -}}
{{- with merge $ours (.Values.podAnnotations | default dict) }}{{ toYaml . }}{{ end -}}
{{- end }}

{{- define "tiktok-consumer.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default (.Chart.AppVersion | replace "+" "_") }}
{{- end -}}
{{- end }}

{{- define "tiktok-consumer.configMap" -}}
{{- .Values.existingConfigMap | default (include "tiktok-consumer.name" .) -}}
{{- end }}

{{- define "tiktok-consumer.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tiktok-consumer.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- /* http.listen as config has it; empty where it says nothing. */ -}}
{{- define "tiktok-consumer.listen" -}}
{{- $http := get (include "tiktok-consumer.settings" . | fromJson) "http" -}}
{{- if kindIs "map" $http }}{{ get $http "listen" | default "" }}{{ end -}}
{{- end }}

{{- /* The port of http.listen, without leading zeros, which would make it octal; empty where the environment says it. */ -}}
{{- define "tiktok-consumer.listenPort" -}}
{{- include "tiktok-consumer.listen" . | regexFind ":[0-9]+$" | trimPrefix ":" | regexFind "(0|[1-9][0-9]*)$" -}}
{{- end }}

{{- /* The one port: of the container, and so of probes, service, monitor and network policy, which ask for it by name. */ -}}
{{- define "tiktok-consumer.port" -}}
{{- .Values.port | default (include "tiktok-consumer.listenPort" .) | default 9464 | int -}}
{{- end }}
