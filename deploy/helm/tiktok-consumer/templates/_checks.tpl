{{- /* config as Helm reads it, as JSON; of an existingConfigMap, nothing. What Helm says may quote the text, so it is not shown. */ -}}
{{- define "tiktok-consumer.settings" -}}
{{- $settings := fromYaml (.Values.config | default "" | trimPrefix "\ufeff") -}}
{{- if hasKey $settings "Error" -}}
{{- $line := regexFind " line [0-9]+" (toString $settings.Error) -}}
{{- fail (printf "config%s: Helm cannot read it as one YAML mapping; leave out %%YAML and ---, or name a ConfigMap that has it as existingConfigMap" $line) -}}
{{- end -}}
{{- toJson $settings -}}
{{- end }}

{{- /* Seconds of shutdown_timeout in config, rounded up; the default, 30 s, where it says nothing. */ -}}
{{- define "tiktok-consumer.shutdownSeconds" -}}
{{- $settings := include "tiktok-consumer.settings" . | fromJson -}}
{{- $said := "30s" -}}
{{- if hasKey $settings "shutdown_timeout" }}{{ $said = toString $settings.shutdown_timeout | trim }}{{ end -}}
{{- if contains "${" $said -}}
{{- fail (printf "config: shutdown_timeout is %s, and the chart cannot know what the environment says; write the time itself, such as 30s" $said) -}}
{{- end -}}
{{- if not (regexMatch "^[0-9]{1,9}(\\.[0-9]{1,9})?(ms|s|m|h|d)$" $said) -}}
{{- fail "config: shutdown_timeout is not a duration; write a number with its unit, such as 30s" -}}
{{- end -}}
{{- $seconds := dict "ms" 0.001 "s" 1 "m" 60 "h" 3600 "d" 86400 -}}
{{- mulf (regexFind "^[0-9.]+" $said) (get $seconds (regexFind "[a-z]+$" $said)) | ceil | int64 -}}
{{- end }}

{{- /* What can be known beforehand to fail. */ -}}
{{- define "tiktok-consumer.checked" -}}
{{- if and (not .Values.config) (not .Values.existingConfigMap) -}}
{{- fail "config: the text of consumer.yaml is needed, e.g. --set-file config=consumer.yaml; or name an existingConfigMap" -}}
{{- end -}}
{{- if and .Values.existingConfigMap (or .Values.config .Values.files) -}}
{{- fail "existingConfigMap: then config and files are not used; put them into that ConfigMap, or leave existingConfigMap out" -}}
{{- end -}}
{{- $name := include "tiktok-consumer.name" . -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $name) -}}
{{- fail (printf "fullnameOverride: the Service would be named %s, which Kubernetes refuses; write a name of a-z, 0-9 and - that begins with a letter" $name) -}}
{{- end -}}
{{- $least := add 15 (include "tiktok-consumer.shutdownSeconds" . | int) -}}
{{- if lt (.Values.terminationGracePeriodSeconds | int) ($least | int) -}}
{{- fail (printf "terminationGracePeriodSeconds: must be at least %d, 15 s beyond shutdown_timeout, or pods are killed with events on their way" $least) -}}
{{- end -}}
{{- $listen := include "tiktok-consumer.listen" . -}}
{{- $said := include "tiktok-consumer.listenPort" . -}}
{{- if regexMatch "^(127\\.|localhost:|\\[[0:]+1\\])" $listen -}}
{{- fail (printf "config: http.listen is %s, where neither the node's probes nor Prometheus reach it; write 0.0.0.0:%s" $listen $said) -}}
{{- end -}}
{{- if and $listen (not $said) (not (contains "${" $listen)) -}}
{{- fail (printf "config: http.listen is %s, which is no address; write 0.0.0.0:9464" $listen) -}}
{{- end -}}
{{- if and $listen (not $said) (not .Values.port) -}}
{{- fail (printf "port: config has http.listen: %s; say here which port that is" $listen) -}}
{{- end -}}
{{- if and $said (or (not (regexMatch "^[1-9][0-9]{0,4}$" $said)) (gt (int $said) 65535)) -}}
{{- fail (printf "config: http.listen has port %s; write one from 1 to 65535" $said) -}}
{{- end -}}
{{- if and $said .Values.port (ne (int $said) (int .Values.port)) -}}
{{- fail (printf "port: is %v, and config has http.listen: %s; leave port out, or make both the same" .Values.port $listen) -}}
{{- end -}}
{{- if and .Values.keda.enabled (not (and .Values.keda.bootstrapServers .Values.keda.consumerGroup)) -}}
{{- fail "keda: bootstrapServers and consumerGroup are needed" -}}
{{- end -}}
{{- if and .Values.keda.enabled (gt (int .Values.keda.minReplicas) (int .Values.keda.maxReplicas)) -}}
{{- fail (printf "keda.minReplicas: is %v, more than keda.maxReplicas, %v" .Values.keda.minReplicas .Values.keda.maxReplicas) -}}
{{- end -}}
{{- include "tiktok-consumer.checkedVolumes" . -}}
{{- end }}

{{- /* No two volumes of one name, and of each token that config looks for, the Secret. */ -}}
{{- define "tiktok-consumer.checkedVolumes" -}}
{{- $taken := list "config" -}}
{{- if .Values.tokens }}{{ $taken = append $taken "tokens" }}{{ end -}}
{{- range .Values.volumes -}}
{{- if has .name $taken }}{{ fail (printf "volumes: there is another one named %s; give this one another name" .name) }}{{ end -}}
{{- $taken = append $taken .name -}}
{{- end -}}
{{- $mounted := false -}}
{{- range .Values.volumeMounts }}{{ if hasPrefix "/run/secrets" .mountPath }}{{ $mounted = true }}{{ end }}{{ end -}}
{{- $pixels := get (include "tiktok-consumer.settings" . | fromJson) "pixels" -}}
{{- range $name, $pixel := kindIs "map" $pixels | ternary $pixels dict -}}
{{- $file := "" -}}
{{- if kindIs "map" $pixel }}{{ $file = get $pixel "access_token_file" | toString }}{{ end -}}
{{- $token := trimPrefix "/run/secrets/tiktok/" $file -}}
{{- if and (ne $token $file) (not $mounted) (not (contains "${" $file)) (not (hasKey ($.Values.tokens | default dict) $token)) -}}
{{- fail (printf "tokens: config has pixels.%s.access_token_file: %s; say under tokens.%s which Secret has it" $name $file $token) -}}
{{- end -}}
{{- end -}}
{{- end }}
