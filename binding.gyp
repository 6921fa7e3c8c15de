# Hands the build to CMakeLists.txt, for tools that call node-gyp.
{
  "targets": [
    {
      "target_name": "simdnn",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [
            "CMakeLists.txt",
            "<!@(node -p \"require('fs').readdirSync('native',{recursive:true}).filter((f)=>/\\.\\w+$/.test(f)).map((f)=>'native/'+f.split(require('path').sep).join('/')).join(' ')\")"
          ],
          "outputs": ["<(PRODUCT_DIR)/simdnn.node"],
          "action": [
            "node", "<!(node -p \"require.resolve('cmake-js/bin/cmake-js')\")", "compile",
            "--directory", "<(module_root_dir)", "--out", "<(module_root_dir)/build/cmake",
            "--config", "<(CONFIGURATION_NAME)", "--arch", "<(target_arch)", "--parallel", "4"
          ]
        }
      ]
    }
  ]
}
