{{- /* A pod that runs `check` and ends. Takes a list: the chart's scope, the pod's name, the hook, the ConfigMap's name.
       Its labels are not those of the service's pods, or service, monitor and budget would count it. */ -}}
{{- define "tiktok-consumer.checkPod" -}}
{{- $ := index . 0 -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ index . 1 | quote }}
  labels: {{- merge (dict "app.kubernetes.io/name" (printf "%s-check" $.Chart.Name)) (include "tiktok-consumer.podLabels" $ | fromYaml) | toYaml | nindent 4 }}
  annotations:
    helm.sh/hook: {{ index . 2 }}
    helm.sh/hook-delete-policy: before-hook-creation{{ if eq (index . 2) "pre-upgrade" }},hook-succeeded{{ end }}
spec:
  {{- include "tiktok-consumer.podSpec" $ | nindent 2 }}
  restartPolicy: Never
  activeDeadlineSeconds: {{ $.Values.check.timeoutSeconds }}
  containers:
    - name: check
      args: {{- toYaml $.Values.check.args | nindent 8 }}
      {{- include "tiktok-consumer.containerSpec" $ | nindent 6 }}
      resources: {{- toYaml $.Values.check.resources | nindent 8 }}
  volumes: {{- include "tiktok-consumer.volumes" (list $ (index . 3)) | nindent 4 }}
{{- end }}
